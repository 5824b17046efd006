// A model of version 1 of the `compact` format as the first weights of version 2 (docs/formats/compact.md).
#pragma once

#include <cstdint>

#include "model/compact/weights.h"

namespace manyshot::train {

// The config with the usual tokens of version 2 in place of its own, and else the same sizes.
// REQUIRES: config is of version 1 and has no more labels than usual.
ModelConfig upgraded_config(const ModelConfig& config);

// Weights for upgraded_config(). A number whose value and rank have one code reads as that code did, a missing cell as
// the mean; categories are numbers that few others are near to; what version 1 knows nothing of is random.
Weights upgraded_weights(const ModelConfig& config, const Weights& weights, uint64_t seed);

}  // namespace manyshot::train
