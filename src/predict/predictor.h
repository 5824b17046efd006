// Method and Predictor: the one door for in-context models and baselines. A Method is opened once (weights loaded) and fitted to
// any number of tasks; the Predictor that results gives class probabilities for other rows of that task.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "table/table.h"

namespace manyshot {

// Labelled rows: the features of N rows and the class of each.
struct LabelledTable {
  Table features;
  std::vector<int32_t> labels;       // [N] indices into classes
  std::vector<std::string> classes;  // K class names in sorted order; some may have no row here

  size_t num_classes() const { return classes.size(); }
  std::vector<uint32_t> class_counts() const;  // [K]
};

class Predictor {
 public:
  virtual ~Predictor() = default;
  // Probabilities [Q, K], row-major, classes in LabelledTable::classes order; each row sums to 1 and a class without labelled rows
  // gets 0. `queries` has the columns of the labelled rows. A query's probabilities are the same bits whatever other rows stand
  // beside it and however many threads run.
  virtual std::vector<double> predict(const Table& queries) const = 0;
  // Queries that one call should hold: fewer waste time, more only memory.
  virtual size_t batch_rows() const { return 16'384; }
  // What the predictor had to decide, leave out or lose, as sentences for the user.
  virtual std::vector<std::string> notes() const { return {}; }
};

class Method {
 public:
  virtual ~Method() = default;
  // Labelled rows the method can use at most; nothing: no limit.
  virtual std::optional<uint64_t> max_labelled_rows() const { return std::nullopt; }
  // Throws Error(kUnsupported) when the task is beyond the method (more classes than it tells apart).
  virtual std::unique_ptr<Predictor> fit(const LabelledTable& shots) const = 0;
};

struct MethodOptions {
  std::optional<int> ensemble;  // members of an in-context ensemble; nothing: the default
  bool calibrate = true;        // in-context methods: fit probabilities on the context (predict/calibration.h)
  uint64_t seed = 0;
  std::string format = "auto";  // compact, concat or tabllm; auto: the model's own, concat for language models
  std::string chat = "auto";    // raw, chatml or trained (encoding/text/text_prompt.h); auto: chatml where the tokenizer has its tokens
  std::string compat = "paper"; // paper or repo: how text prompts write numbers (NumberText)
  std::string dtype = "auto";   // as LoadOptions
  std::string engine = "auto";  // as LoadOptions
};

// `name` is "majority", "knn", "xgboost", or what resolve_model (predict/model_store.h) takes.
std::unique_ptr<Method> open_method(const std::string& name, const MethodOptions& options = {});

}  // namespace manyshot
