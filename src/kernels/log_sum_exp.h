// The softmax over a large vocabulary, block by block.
#pragma once

#include <cstddef>

namespace manyshot::kernels {

// Of a block of logits: the largest, and the sum of e^(logit - largest).
struct ExpSum {
  float largest = 0;
  float sum = 0;
};

// In a fixed order that does not depend on the vector length. REQUIRES: count >= 1; logits readable to a multiple of 16
// values.
ExpSum exp_sum(const float* logits, size_t count);

}  // namespace manyshot::kernels
