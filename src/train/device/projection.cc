#include "train/device/projection.h"

#include <ATen/ATen.h>

namespace manyshot::train {

using at::Tensor;

namespace {

Tensor heads(const Tensor& x, int64_t head_dim) { return x.unflatten(-1, {-1, head_dim}); }

// [tokens, H_kv d each] of keys and values, `number` 0 or 1.
Tensor key_part(const Projection& projection, int64_t number) {
  const Tensor& of = projection.is_joined() ? projection.first : projection.second;
  const int64_t begin = projection.is_joined() ? projection.num_heads * projection.head_dim : 0;
  const int64_t width = (of.size(1) - begin) / 2;
  return heads(of.slice(1, begin + number * width, begin + (number + 1) * width), projection.head_dim);
}

}  // namespace

Tensor Projection::q() const { return heads(first.slice(1, 0, num_heads * head_dim), head_dim); }
Tensor Projection::k() const { return key_part(*this, 0); }
Tensor Projection::v() const { return key_part(*this, 1); }

Projection Projection::like() const {
  return {.first = at::empty_like(first),
          .second = is_joined() ? Tensor() : at::empty_like(second),
          .num_heads = num_heads,
          .head_dim = head_dim};
}

TurnedHeads turned(const Projection& projection, const ProjectionAngles& angles) {
  const Tensor q = projection.q(), k = projection.k();
  if (!projection.is_joined()) {
    TurnedHeads result{at::empty(q.sizes(), q.options()), at::empty(k.sizes(), k.options())};
    turn(q, angles.q, 1, result.q);
    turn(k, angles.k, 1, result.k);
    return result;
  }
  // Keys stand behind queries.
  const int64_t all_heads = q.size(1) + k.size(1);
  const Tensor both = at::empty({q.size(0), all_heads, q.size(2)}, q.options());
  turn(heads(projection.first.slice(1, 0, all_heads * projection.head_dim), projection.head_dim), angles.q, 1, both);
  return {both.slice(1, 0, q.size(1)), both.slice(1, q.size(1))};
}

void turn_back(const Tensor& dq, const Tensor& dk, const ProjectionAngles& angles, const Projection& gradient) {
  turn(dq, angles.q, -1, gradient.q());
  turn(dk, angles.k, -1, gradient.k());
}

}  // namespace manyshot::train
