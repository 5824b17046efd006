// First weights of a language model that is trained from scratch.
#pragma once

#include <memory>
#include <string>

#include "model/language/tensor_source.h"

namespace manyshot {

// `config_path` is a config.json, or a folder with one. Matrices and embeddings are normal with standard deviation
// 0.02, output projections (o, down) 0.02 / sqrt(2 layers) (Radford et al. 2019, "Language models are unsupervised
// multitask learners", section 2.3), norms one, biases zero: functions of (seed, name, place).
std::unique_ptr<TensorSource> make_fresh_source(const std::string& config_path, uint64_t seed);

}  // namespace manyshot
