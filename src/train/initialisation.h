// How the matrices of a fresh language model are drawn; gains of norms are 1, biases 0.
#pragma once

#include <array>

#include "core/names.h"

namespace manyshot::train {

enum class Initialisation {
  kScaledNormal,  // normal, standard deviation 0.02, and o_proj, down_proj divided by sqrt(2 layers) (Radford et al.
                  // 2019, "Language models are unsupervised multitask learners", section 2.3)
  kNormal,        // 0.02 for all: initializer_range of transformers
  kWidthScaled,   // 1 / sqrt(inputs), o_proj and down_proj as above; embedding 0.02 (LeCun et al. 1998, "Efficient
                  // backprop", section 4.6)
};
constexpr auto names_of(Initialisation) {
  return std::to_array<Named<Initialisation>>({{Initialisation::kScaledNormal, "scaled-normal"},
                                               {Initialisation::kNormal, "normal"},
                                               {Initialisation::kWidthScaled, "width-scaled"}});
}

}  // namespace manyshot::train
