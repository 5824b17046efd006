// Small random texts for the tests of language models in training.
#pragma once

#include <vector>

#include "support/models/random_model.h"
#include "train/train_sample.h"

namespace manyshot::train {

inline TrainSample make_sample(const LanguageModelConfig& config, size_t count, uint64_t seed, size_t every = 3) {
  TrainSample sample{.index = seed, .tokens = random_tokens(config, count, seed)};
  for (size_t place = count / 2; place < count; place += every) sample.supervised.push_back(uint32_t(place));
  return sample;
}

// Three texts that share blocks and tiles of keys, one of them longer than a tile.
inline std::vector<TrainSample> make_batch(const LanguageModelConfig& config) {
  return {make_sample(config, 75, 1), make_sample(config, 21, 2), make_sample(config, 40, 3, 1)};
}

}  // namespace manyshot::train
