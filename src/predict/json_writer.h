// The paper's own way to answer: the model writes one JSON array for all queries of a prompt, most likely token first
// (arXiv 2509.06806, section 2.5), and the label probabilities at each label are read on the way (section 4.2 of the
// published code).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "encoding/text/text_format.h"
#include "model/language/cache_path.h"
#include "model/model.h"
#include "predict/written_answers.h"

namespace manyshot {

// Not safe to use from several threads. Prompts of the same number of queries share the encoded labelled rows.
class JsonWriter {
 public:
  // `model` (a language model) and `format` must outlive the writer.
  JsonWriter(const Model& model, const TextFormat& format, const TaskView& view);

  // Throws Error(kBadInput) when prompt and response do not fit the model's window.
  WrittenAnswers write(const Table& queries);

 private:
  std::vector<float> score_labels(const TextCachePtr& cache, std::span<const TokenId> pending) const;

  const Model& model_;
  const TextFormat& format_;
  TaskView view_;
  std::vector<std::string> labels_;  // as the prompt shows them
  CachePath caches_;
};

}  // namespace manyshot
