#include "train/trainable.h"

#include <algorithm>

namespace manyshot {

void zero_gradients(std::span<Parameter> parameters) {
  for (Parameter& parameter : parameters) std::fill(parameter.gradient.begin(), parameter.gradient.end(), 0.0f);
}

}  // namespace manyshot
