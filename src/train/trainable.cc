#include "train/trainable.h"

#include <algorithm>

namespace manyshot::train {

void zero_gradients(std::span<Parameter> parameters) {
  for (Parameter& parameter : parameters) std::fill(parameter.gradient.begin(), parameter.gradient.end(), 0.0f);
}

}  // namespace manyshot::train
