#include "core/error.h"
#include "kernels/gemm.h"
#include "kernels/unroll.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace manyshot {

#if defined(__x86_64__)

#define MANYSHOT_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace {

constexpr size_t kTileRows = 6;
constexpr size_t kTilePanels = 4;

MANYSHOT_BF16_TARGET inline __m512bh as_pairs(__m512i bits) { return reinterpret_cast<__m512bh>(bits); }

template <size_t kRows, size_t kPanels>
MANYSHOT_BF16_TARGET inline void tile(const BFloat16* a, size_t lda, const Panels<BFloat16>& b, const BFloat16* b_data,
                                      float* c, size_t ldc, Store store) {
  __m512 sums[kRows][kPanels];
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
      __builtin_memcpy(&pair, a + row * lda + k, sizeof pair);
      const __m512bh a_pair = as_pairs(_mm512_set1_epi32(pair));
      MANYSHOT_UNROLL
      for (size_t p = 0; p < kPanels; ++p) sums[row][p] = _mm512_dpbf16_ps(sums[row][p], a_pair, as_pairs(b_pairs[p]));
    }
  }
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kRows; ++row) {
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) {
      float* to = c + row * ldc + p * kPanelWidth;
      const __m512 sum = sums[row][p];
      _mm512_storeu_ps(to, store == Store::kAdd ? _mm512_add_ps(_mm512_loadu_ps(to), sum) : sum);
    }
  }
}

template <size_t kPanels, size_t kRows>
MANYSHOT_BF16_TARGET inline void last_rows(const BFloat16* a, size_t lda, size_t M, const Panels<BFloat16>& b,
                                           const BFloat16* b_data, float* c, size_t ldc, Store store) {
  if constexpr (kRows > 0) {
    if (M == kRows) return tile<kRows, kPanels>(a, lda, b, b_data, c, ldc, store);
    last_rows<kPanels, kRows - 1>(a, lda, M, b, b_data, c, ldc, store);
  }
}

template <size_t kPanels>
MANYSHOT_BF16_TARGET void column(const BFloat16* a, size_t lda, size_t M, const Panels<BFloat16>& b, size_t panel,
                                 float* c, size_t ldc, Store store) {
  const BFloat16* b_data = b.data + panel * b.panel_stride;
  float* c_data = c + panel * kPanelWidth;
  size_t row = 0;
  for (; row + kTileRows <= M; row += kTileRows) {
    tile<kTileRows, kPanels>(a + row * lda, lda, b, b_data, c_data + row * ldc, ldc, store);
  }
  if (row < M)
    last_rows<kPanels, kTileRows - 1>(a + row * lda, lda, M - row, b, b_data, c_data + row * ldc, ldc, store);
}

}  // namespace

void gemm(const BFloat16* a, size_t lda, size_t M, const Panels<BFloat16>& b, float* c, size_t ldc, Store store) {
  size_t panel = 0;
  for (; panel + kTilePanels <= b.num_panels; panel += kTilePanels)
    column<kTilePanels>(a, lda, M, b, panel, c, ldc, store);
  for (; panel + 2 <= b.num_panels; panel += 2) column<2>(a, lda, M, b, panel, c, ldc, store);
  for (; panel < b.num_panels; ++panel) column<1>(a, lda, M, b, panel, c, ldc, store);
}

#else

void gemm(const BFloat16*, size_t, size_t, const Panels<BFloat16>&, float*, size_t, Store) {
  fail(ErrorKind::kInternal, "bf16 products need an x86-64 processor with avx512_bf16");
}

#endif

}  // namespace manyshot
