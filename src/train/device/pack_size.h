// How many tokens of tasks go through a `compact` network together.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstddef>

#include "train/compact/network_shape.h"

namespace manyshot::train {

// Bytes of one token in all layers, as autograd keeps them.
double activation_bytes(const NetworkShape& shape, at::ScalarType type);

// What the device's free memory holds the activations of, when autograd keeps them.
size_t most_tokens(const NetworkShape& shape, const at::Device& device, at::ScalarType type);

}  // namespace manyshot::train
