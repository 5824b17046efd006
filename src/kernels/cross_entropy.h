// The gradient of -ln p(target) with respect to logits that come in tiles of the vocabulary.
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"

namespace manyshot {

// gradients[i] = factor * e^(logits[i] - log_sum), rounded, for `count` logits; zeros up to a multiple of 16. The
// caller takes `factor` away at the target: softmax_gradient_at(). `logits` are readable to that multiple.
void softmax_gradient(const float* logits, size_t count, float log_sum, float factor, float* gradients);
void softmax_gradient(const float* logits, size_t count, float log_sum, float factor, BFloat16* gradients);

// factor * (p(target) - 1), without cancellation against a rounded p.
float softmax_gradient_at(float target_logit, double log_sum, float factor);

}  // namespace manyshot
