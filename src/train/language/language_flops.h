// Floating-point operations that a pass calls for (nothing computed twice).
#pragma once

#include <cstdint>

#include "train/language/packed_batch.h"

namespace manyshot::train {

// Two per weight and token forward, two for gradients of inputs, two for those of trained weights; attention: two
// products forward and five back over the pairs of tokens that see each other; the head at supervised tokens.
// num_factors: numbers of LoRA's factors; 0: all weights are trained.
double language_flops(const LanguageModelConfig& config, uint64_t num_factors, const PackedBatch& batch,
                      bool differentiates);

}  // namespace manyshot::train
