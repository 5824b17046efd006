#include "train/train_sample.h"

namespace manyshot::train {
namespace {

void supervise_answer(TrainSample& sample) {
  if (sample.num_features > 0) return;
  for (size_t token = sample.answer_begin; token < sample.tokens.size(); ++token) {
    sample.supervised.push_back(static_cast<uint32_t>(token));
  }
}

}  // namespace

TrainSample make_train_sample(const Sample& sample) {
  TrainSample made{.index = sample.index,
                   .tokens = sample.tokens,
                   .num_labelled = sample.num_labelled,
                   .num_queries = sample.num_queries,
                   .answer_begin = sample.answer_begin};
  const size_t rows = made.num_rows();
  // A text sample's rows say nothing about its tokens.
  const bool is_compact =
      sample.user_text.empty() && rows > 0 && sample.tokens.size() == rows * (size_t{sample.num_features} + 2);
  if (is_compact) made.num_features = sample.num_features;
  supervise_answer(made);
  return made;
}

TrainSample make_train_sample(const TokenSample& sample) {
  TrainSample made{.index = sample.index,
                   .tokens = sample.tokens,
                   .num_features = sample.num_features,
                   .num_labelled = sample.num_labelled,
                   .num_queries = sample.num_queries,
                   .answer_begin = static_cast<size_t>(sample.answer_begin)};
  supervise_answer(made);
  return made;
}

}  // namespace manyshot::train
