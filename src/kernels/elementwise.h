// Row-wise loops of the decoder between its matrix products. Computed in f32 in an order that does not depend on the
// vector length, so AVX2, AVX-512 and NEON give the same bits; a row's result depends on that row only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/rows.h"

namespace manyshot::kernels {

// A root-mean-square norm. REQUIRES: width a multiple of 16.
struct RmsNorm {
  const float* gain = nullptr;  // [width]
  size_t width = 0;
  float epsilon = 0;
};
// out[row] = x[row] / sqrt(mean(x[row]^2) + epsilon) * gain, for M rows. Source: Zhang and Sennrich 2019, "Root mean
// square layer normalization".
void rms_norm(const RmsNorm& norm, Rows<const float> x, size_t M, Rows<float> out);
void rms_norm(const RmsNorm& norm, Rows<const float> x, size_t M, Rows<BFloat16> out);

// Rotary position embedding in place, halves of a head rotated against each other (Su et al. 2021, "RoFormer"; the
// layout of Hugging Face's Llama): for i < head_dim / 2, (x[i], x[i + half]) is turned by the angle whose cosine and
// sine stand at cosines[position * half + i], and multiplied by `scale`. Row r of the M rows has
// position (first_position + r) % period and num_heads heads. REQUIRES: head_dim a multiple of 16.
struct Rotation {
  const float* cosines = nullptr;
  const float* sines = nullptr;
  size_t head_dim = 0;
};
// Positions first, first + 1, … of `period` rows, then from first again.
struct Positions {
  size_t first = 0;
  size_t period = 1;
  size_t of(size_t row) const { return first + row % period; }
};
void rotate(const Rotation& rotation, Rows<float> x, size_t M, size_t num_heads, Positions positions, float scale);

// Gates and what they let through, row r of either at r * stride.
template <class T>
struct GateUp {
  T* gate = nullptr;
  T* up = nullptr;
  size_t stride = 0;
};
// out = gate / (1 + exp(-gate)) * up, for M rows of `width` values (SwiGLU, Shazeer 2020). REQUIRES: width a multiple
// of 16.
void silu_mul(const GateUp<const float>& in, size_t M, size_t width, Rows<float> out);
void silu_mul(const GateUp<const float>& in, size_t M, size_t width, Rows<BFloat16> out);

// out = a + b for `width` values. REQUIRES: width a multiple of 16.
void add(const float* a, const float* b, size_t width, float* out);

}  // namespace manyshot::kernels
