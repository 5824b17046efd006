// Rotary positions, with their gradient.
#pragma once

#include <ATen/core/Tensor.h>

namespace manyshot::train {

struct Angles {
  at::Tensor cosines, sines;  // [tokens, 1, d / 2] f32

  Angles slice(int64_t first) const;  // of the tokens from that one on
};

// x [tokens, heads, d] with the halves of every head turned against each other by its token's angles, or with
// `direction` -1 back, into `out`, of the same sizes; both with any stride between tokens.
void turn(const at::Tensor& x, const Angles& angles, double direction, const at::Tensor& out);

// The same as a new tensor, for autograd.
at::Tensor rotated(const at::Tensor& x, const Angles& angles);

}  // namespace manyshot::train
