// Random tasks of four classes for `compact` networks in training.
#pragma once

#include <cstdint>

#include "core/rng.h"
#include "train/train_sample.h"

namespace manyshot::train {

inline TrainSample make_task(uint32_t labelled, uint32_t queries, uint32_t columns, uint64_t seed) {
  const Rng rng = Rng(seed).child("task");
  TrainSample sample{.index = seed, .num_features = columns, .num_labelled = labelled, .num_queries = queries};
  for (uint32_t row = 0; row < labelled + queries; ++row) {
    const Rng of_row = rng.child("row", row);
    for (uint32_t column = 0; column < columns; ++column) {
      sample.tokens.push_back(static_cast<TokenId>(of_row.below(column, 1000)));
    }
    sample.tokens.push_back(1010);
    sample.tokens.push_back(1000 + static_cast<TokenId>(of_row.below(columns, 4)));
  }
  return sample;
}

}  // namespace manyshot::train
