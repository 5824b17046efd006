// Queries, keys and values of an attention layer as products give them, and the positions that turn them.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "train/device/rotation.h"

namespace manyshot::train {

// All by one product, or queries by one and the others by another, where not every token asks.
struct Projection {
  at::Tensor first;   // [tokens, (H + 2 H_kv) d], or queries [asking, H d]
  at::Tensor second;  // undefined, or keys and values [tokens, 2 H_kv d]
  int64_t num_heads = 0, head_dim = 0;

  bool is_joined() const { return !second.defined(); }
  // As autograd takes what may be missing.
  std::optional<at::Tensor> maybe_second() const { return is_joined() ? std::nullopt : std::optional(second); }
  at::Tensor q() const;  // [asking, H, d]
  at::Tensor k() const;  // [tokens, H_kv, d]
  at::Tensor v() const;  // the same
  // An empty one of the same shapes, for the gradient, whose parts are written through q(), k() and v().
  Projection like() const;
};

// Of the tokens that ask, and of those with keys.
struct ProjectionAngles {
  Angles q, k;
};

// Rotated queries and keys. REQUIRES: where the projection is joined, the angles are the same.
struct TurnedHeads {
  at::Tensor q, k;
};
TurnedHeads turned(const Projection& projection, const ProjectionAngles& angles);

// The gradients of rotated queries and keys, turned back into `gradient`.
void turn_back(const at::Tensor& dq, const at::Tensor& dk, const ProjectionAngles& angles, const Projection& gradient);

}  // namespace manyshot::train
