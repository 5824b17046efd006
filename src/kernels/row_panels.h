// Rows as the right side of a product that sums over them: gradients of weights are sums over tokens.
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/gemm.h"

namespace manyshot {

// Packs M rows of `width` values, row_stride apart, as B [M, width] of gemm(): element (row, column) of the product's
// right side is rows[row][column]. M is padded to even with a row of zeros. `panels` holds row_panels_size() values.
// REQUIRES: width a multiple of 16.
Panels<float> pack_row_panels(const float* rows, size_t row_stride, size_t M, size_t width, float* panels);
Panels<BFloat16> pack_row_panels(const BFloat16* rows, size_t row_stride, size_t M, size_t width, BFloat16* panels);
constexpr size_t row_panels_size(size_t M, size_t width) { return round_up(M, 2) * width; }

// W^T [num_inputs, num_outputs] of a packed W [num_outputs, num_inputs], so that gemm computes dY W.
template <class T>
PackedMatrix<T> transposed(const PackedMatrix<T>& weight, size_t num_outputs, size_t num_inputs);

// factor * from[i], rounded to T. A multiple of 16 values.
void scale_to(const float* from, size_t count, float factor, float* to);
void scale_to(const float* from, size_t count, float factor, BFloat16* to);
// from[i] as float. A multiple of 16 values.
void widen(const float* from, size_t count, float* to);
void widen(const BFloat16* from, size_t count, float* to);

}  // namespace manyshot
