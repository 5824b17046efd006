// One training sequence: the tokens of a task and which of them the loss looks at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/names.h"
#include "corpus/sampler.h"
#include "corpus/token_shard.h"
#include "encoding/prompt.h"

namespace manyshot::train {

struct TrainSample {
  uint64_t index = 0;  // of the sample in its stream, for messages
  std::vector<TokenId> tokens;
  // `compact`: num_labelled + num_queries rows of num_features values, the bar and the label, labelled rows first.
  // Text: 0.
  uint32_t num_features = 0, num_labelled = 0, num_queries = 0;
  // Text: the first token of the answer, and the tokens that are predicted from those before them, in increasing order.
  size_t answer_begin = 0;
  std::vector<uint32_t> supervised;

  size_t num_rows() const { return size_t{num_labelled} + num_queries; }
  size_t row_tokens() const { return size_t{num_features} + 2; }  // `compact` only
};

// What the loss is taken at.
enum class LossMode {
  kAnswer,  // text: every token of the answer; `lines` and `compact`: the labels of the queries
  kLabels,  // text: the label tokens of the answer alone; `compact`: as kAnswer
  kDense,   // and the label of every labelled row, given the rows before it
};
constexpr auto names_of(LossMode) {
  return std::to_array<Named<LossMode>>(
      {{LossMode::kAnswer, "answer"}, {LossMode::kLabels, "labels"}, {LossMode::kDense, "dense"}});
}

// `compact` samples are complete; text samples are supervised at every token of the answer. REQUIRES: the sample was
// kept and has tokens.
TrainSample make_train_sample(const Sample& sample);
TrainSample make_train_sample(const TokenSample& sample);

}  // namespace manyshot::train
