// Gradients of the row-wise loops of elementwise.h. Sums are f32 in an order that does not depend on the vector length.
//
// The gradient of rotate() is rotate() itself with the sines negated (a rotation's transpose turns back).
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/elementwise.h"
#include "kernels/rows.h"

namespace manyshot::kernels {

// For out = rms_norm(x), of M rows: dx += the gradient by x, and dgain [width] += the gradient by the gain (not
// computed if null). dx may be the array that holds a residual branch's gradient.
void rms_norm_backward(const RmsNorm& norm, Rows<const float> x, Rows<const float> dout, size_t M, Rows<float> dx,
                       float* dgain);

// For out = silu_mul(in), of M rows: the gradients by gate and up, and `out` again, so that the forward pass need not
// keep it. REQUIRES: width a multiple of 16.
void silu_mul_backward(const GateUp<const float>& in, Rows<const float> dout, size_t M, size_t width,
                       const GateUp<float>& gradient, Rows<float> out);
void silu_mul_backward(const GateUp<const BFloat16>& in, Rows<const float> dout, size_t M, size_t width,
                       const GateUp<BFloat16>& gradient, Rows<BFloat16> out);

// M rows of `width` values in another precision. REQUIRES: width a multiple of 16.
void convert(Rows<const float> x, size_t M, size_t width, Rows<BFloat16> out);
void convert(Rows<const float> x, size_t M, size_t width, Rows<float> out);

}  // namespace manyshot::kernels
