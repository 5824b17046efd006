// A language model before its first step: every weight is a function of (seed, tensor, place).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "model/language/tensor_source.h"

namespace manyshot {

// How matrices are drawn (model.initialisation of a recipe); gains of norms are 1, biases 0.
enum class Initialisation {
  kNormal,        // normal, standard deviation 0.02: initializer_range of transformers
  kScaledNormal,  // and o_proj, down_proj divided by sqrt(2 layers) (Radford et al. 2019, "Language models are
                  // unsupervised multitask learners", section 2.3)
  kWidthScaled,   // 1 / sqrt(inputs), o_proj and down_proj as above; embedding 0.02 (LeCun et al. 1998, "Efficient
                  // backprop", section 4.6)
};
// Throws Error(kBadInput) with the known names for anything but "normal", "scaled-normal" and "width-scaled".
Initialisation parse_initialisation(std::string_view name);

// Throws what check_language_model_config() throws, naming `source_name`.
std::unique_ptr<TensorSource> make_fresh_source(const LanguageModelConfig& config, Initialisation initialisation,
                                                uint64_t seed, std::string_view source_name);

}  // namespace manyshot
