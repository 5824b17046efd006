// A language model before its first step: every weight is a function of (seed, tensor, place).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/language/tensor_source.h"
#include "train/initialisation.h"

namespace manyshot::train {

// Throws what check_language_model_config() throws, naming `source_name`.
std::unique_ptr<TensorSource> make_fresh_source(const LanguageModelConfig& config, Initialisation initialisation,
                                                uint64_t seed, std::string_view source_name);

}  // namespace manyshot::train
