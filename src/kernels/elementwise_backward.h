// Gradients of the row-wise loops of elementwise.h. Sums are f32 in an order that does not depend on the vector length.
//
// The gradient of rotate() is rotate() itself with the sines negated (a rotation's transpose turns back).
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"

namespace manyshot {

// For out = rms_norm(x, gain), of M rows: dx += the gradient by x, and dgain [width] += the gradient by the gain (not
// computed if null). dx may be the array that holds a residual branch's gradient. REQUIRES: width a multiple of 16.
void rms_norm_backward(const float* x, size_t x_stride, const float* gain, const float* dout, size_t dout_stride,
                       size_t M, size_t width, float epsilon, float* dx, size_t dx_stride, float* dgain);

// For out = silu_mul(gate, up), of M rows: the gradients by gate and up, d_stride apart, and `out` again, so that the
// forward pass need not keep it. REQUIRES: width a multiple of 16.
void silu_mul_backward(const float* gate, const float* up, size_t in_stride, const float* dout, size_t dout_stride,
                       size_t M, size_t width, float* dgate, float* dup, size_t d_stride, float* out,
                       size_t out_stride);
void silu_mul_backward(const BFloat16* gate, const BFloat16* up, size_t in_stride, const float* dout,
                       size_t dout_stride, size_t M, size_t width, BFloat16* dgate, BFloat16* dup, size_t d_stride,
                       BFloat16* out, size_t out_stride);

// M rows of `width` values in another precision. REQUIRES: width a multiple of 16.
void convert(const float* x, size_t x_stride, size_t M, size_t width, BFloat16* out, size_t out_stride);
void convert(const float* x, size_t x_stride, size_t M, size_t width, float* out, size_t out_stride);

}  // namespace manyshot
