// Row-wise loops of the decoder between its matrix products. Computed in f32 in an order that does not depend on the
// vector length, so AVX2, AVX-512 and NEON give the same bits; a row's result depends on that row only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/bfloat16.h"

namespace manyshot {

// out[row] = x[row] / sqrt(mean(x[row]^2) + epsilon) * gain, for M rows of `width` values, x_stride and out_stride
// apart. REQUIRES: width a multiple of 16. Source: Zhang and Sennrich 2019, "Root mean square layer normalization".
void rms_norm(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon, float* out,
              size_t out_stride);
void rms_norm(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon, BFloat16* out,
              size_t out_stride);

// Rotary position embedding in place, halves of a head rotated against each other (Su et al. 2021, "RoFormer"; the
// layout of Hugging Face's Llama): for i < head_dim / 2, (x[i], x[i + half]) is turned by the angle whose cosine and
// sine stand at cosines[position * half + i], and multiplied by `scale`. Row r of the M rows, stride apart, has
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
void rotate(const Rotation& rotation, float* x, size_t stride, size_t M, size_t num_heads, Positions positions,
            float scale);

// out = gate / (1 + exp(-gate)) * up, for M rows of `width` values (SwiGLU, Shazeer 2020). REQUIRES: width a multiple
// of 16.
void silu_mul(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, float* out,
              size_t out_stride);
void silu_mul(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, BFloat16* out,
              size_t out_stride);

// out = a + b for `width` values. REQUIRES: width a multiple of 16.
void add(const float* a, const float* b, size_t width, float* out);

}  // namespace manyshot
