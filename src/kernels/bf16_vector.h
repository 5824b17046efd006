// Helpers of the loops written with AVX-512 BF16 intrinsics. To be included by their .cc files alone.
#pragma once

#include "core/error.h"
#include "kernels/gemm.h"
#include "kernels/unroll.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define MANYSHOT_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define MANYSHOT_BF16_INLINE MANYSHOT_BF16_TARGET __attribute__((always_inline)) inline

namespace manyshot::kernels {

// 2^x with a relative error below 3e-6, far below the rounding of the weights to bf16; zero for -infinity.
MANYSHOT_BF16_INLINE __m512 exp2(__m512 x) {
  x = _mm512_max_ps(x, _mm512_set1_ps(-200.0f));
  const __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 r = _mm512_sub_ps(x, n);
  __m512 p = _mm512_set1_ps(1.33335581e-3f);  // ln(2)^k / k!
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.61812911e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.55041087e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.240226507f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.693147181f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  return _mm512_scalef_ps(p, n);
}

// The lanes of columns [column, column + 16) below `count`.
MANYSHOT_BF16_INLINE __mmask16 lanes_below(size_t column, size_t count) {
  const size_t left = count > column ? count - column : 0;
  return left >= kPanelWidth ? __mmask16{0xFFFF} : static_cast<__mmask16>((1u << left) - 1);
}

// Where the factor A of a product has its elements: pair (row, k), k even, at data[row * row_stride + k * k_stride].
struct PairsOfA {
  const BFloat16* data;
  size_t row_stride, k_stride;
};

// sums[row][panel] = kRows rows of A times kPanels panels of B, whose first is at b_data.
template <size_t kRows, size_t kPanels>
MANYSHOT_BF16_INLINE void multiply(const PairsOfA& a, const Panels<BFloat16>& b, const BFloat16* b_data,
                                   __m512 (&sums)[kRows][kPanels]) {
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kRows; ++row) {
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) sums[row][p] = _mm512_setzero_ps();
  }
  for (size_t k = 0; k < b.num_rows; k += 2) {
    __m512i b_pairs[kPanels];
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) b_pairs[p] = _mm512_load_si512(b_data + p * b.panel_stride + k * kPanelWidth);
    MANYSHOT_UNROLL
    for (size_t row = 0; row < kRows; ++row) {
      int pair;
      __builtin_memcpy(&pair, a.data + row * a.row_stride + k * a.k_stride, sizeof pair);
      const auto a_pair = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
      MANYSHOT_UNROLL
      for (size_t p = 0; p < kPanels; ++p) {
        sums[row][p] = _mm512_dpbf16_ps(sums[row][p], a_pair, reinterpret_cast<__m512bh>(b_pairs[p]));
      }
    }
  }
}

// The first num_rows rows of sums to C.
template <size_t kRows, size_t kPanels>
MANYSHOT_BF16_INLINE void store_sums(const __m512 (&sums)[kRows][kPanels], size_t num_rows, Rows<float> c,
                                     Store store) {
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kRows; ++row) {
    if (row >= num_rows) return;
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) {
      float* to = c[row] + p * kPanelWidth;
      const __m512 sum = sums[row][p];
      _mm512_storeu_ps(to, store == Store::kAdd ? _mm512_add_ps(_mm512_loadu_ps(to), sum) : sum);
    }
  }
}

}  // namespace manyshot::kernels

#else

namespace manyshot::kernels {

[[noreturn]] inline void fail_without_bf16() {
  fail(ErrorKind::kInternal, "bf16 products need an x86-64 processor with avx512_bf16");
}

}  // namespace manyshot::kernels

#endif
