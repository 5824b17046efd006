// The gradient of -ln p(target) with respect to logits that come in tiles of the vocabulary.
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"

namespace manyshot::kernels {

// The softmax's denominator: sum over i of e^(logits[i] - largest). In two parts, because a rounded log of the whole
// would put the same error on all probabilities, and the gradient of what the embeddings have in common is their sum
// less one.
struct Normaliser {
  float largest = 0;
  double sum = 1;
  double log_probability(float logit) const;
};

// gradients[i] = factor * p(i), rounded, for `count` logits; zeros up to a multiple of 16. The caller takes `factor`
// away at the target: softmax_gradient_at(). `logits` are readable to that multiple.
void softmax_gradient(const float* logits, size_t count, const Normaliser& normaliser, float factor, float* gradients);
void softmax_gradient(const float* logits, size_t count, const Normaliser& normaliser, float factor,
                      BFloat16* gradients);

// factor * (p(target) - 1), without cancellation against a rounded p.
float softmax_gradient_at(float target_logit, const Normaliser& normaliser, float factor);

}  // namespace manyshot::kernels
