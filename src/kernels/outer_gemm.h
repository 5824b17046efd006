// Matrix products of the backward pass. For a layer Y = X W^T with X [M, K] and W [N, K]:
//
//   dX = dY W        gemm() (gemm.h) with W packed by pack_rows
//   dW += dY^T X     outer_gemm() with dY and X packed by pack_rows
//
// Every element of dW is one chain of fused multiply-adds over m in increasing order (bf16: of pairs of products over
// m, m + 1), so its bits depend on how M was cut into calls, and on nothing else.
#pragma once

#include <cstddef>

#include "kernels/bfloat16.h"
#include "kernels/gemm.h"

namespace manyshot::kernels {

// Elements that pack_rows and pack_columns write for a matrix of M rows of `width` values.
constexpr size_t packed_rows_size(size_t M, size_t width) { return round_up(M, 2) * width; }
constexpr size_t packed_columns_size(size_t M, size_t width) { return round_up(M, kPanelWidth) * width; }

// X [M, width] as panels of 16 of its columns: the B [K = M, N = width] of gemm(), or a factor of
// outer_gemm(). An odd M gets a row of zeros. REQUIRES: width a multiple of 16, `to` on a cache-line boundary.
Panels<float> pack_rows(Rows<const float> x, size_t M, size_t width, float* to);
Panels<BFloat16> pack_rows(Rows<const float> x, size_t M, size_t width, BFloat16* to);
Panels<BFloat16> pack_rows(Rows<const BFloat16> x, size_t M, size_t width, BFloat16* to);

// X^T: the B [K = width, N = M] of gemm(), which then multiplies by X transposed. Columns M .. round_up(M, 16) are
// zero. REQUIRES: width even, `to` on a cache-line boundary.
Panels<float> pack_columns(Rows<const float> x, size_t M, size_t width, float* to);
Panels<BFloat16> pack_columns(Rows<const BFloat16> x, size_t M, size_t width, BFloat16* to);

// C [num_outputs, 16 * b.num_panels] becomes A^T B or grows by it; A [M, >= num_outputs], B [M, …].
// REQUIRES: a.num_rows == b.num_rows; bf16: has_bf16(simd_level()).
void outer_gemm(const Panels<float>& a, size_t num_outputs, const Panels<float>& b, Rows<float> c, Store store);
void outer_gemm(const Panels<BFloat16>& a, size_t num_outputs, const Panels<BFloat16>& b, Rows<float> c, Store store);

}  // namespace manyshot::kernels
