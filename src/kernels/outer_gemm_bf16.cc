#include "core/error.h"
#include "kernels/outer_gemm.h"
#include "kernels/unroll.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace manyshot {

#if defined(__x86_64__)

#define MANYSHOT_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

namespace {

constexpr size_t kTileRows = 8;  // of C; half a panel of A
constexpr size_t kTilePanels = 3;

MANYSHOT_BF16_TARGET inline __m512bh as_pairs(__m512i bits) { return reinterpret_cast<__m512bh>(bits); }

// `a` points at the tile's first column of A; only the first `num_rows` rows of the tile are stored.
template <size_t kPanels>
MANYSHOT_BF16_TARGET inline void tile(const BFloat16* a, const Panels<BFloat16>& b, const BFloat16* b_data,
                                      size_t num_rows, float* c, size_t ldc, Store store) {
  __m512 sums[kTileRows][kPanels];
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kTileRows; ++row) {
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) sums[row][p] = _mm512_setzero_ps();
  }
  for (size_t m = 0; m < b.num_rows; m += 2) {
    __m512i b_pairs[kPanels];
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) b_pairs[p] = _mm512_load_si512(b_data + p * b.panel_stride + m * kPanelWidth);
    MANYSHOT_UNROLL
    for (size_t row = 0; row < kTileRows; ++row) {
      int pair;
      __builtin_memcpy(&pair, a + m * kPanelWidth + 2 * row, sizeof pair);
      const __m512bh a_pair = as_pairs(_mm512_set1_epi32(pair));
      MANYSHOT_UNROLL
      for (size_t p = 0; p < kPanels; ++p) sums[row][p] = _mm512_dpbf16_ps(sums[row][p], a_pair, as_pairs(b_pairs[p]));
    }
  }
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kTileRows; ++row) {
    if (row >= num_rows) return;
    MANYSHOT_UNROLL
    for (size_t p = 0; p < kPanels; ++p) {
      float* to = c + row * ldc + p * kPanelWidth;
      const __m512 sum = sums[row][p];
      _mm512_storeu_ps(to, store == Store::kAdd ? _mm512_add_ps(_mm512_loadu_ps(to), sum) : sum);
    }
  }
}

template <size_t kPanels>
MANYSHOT_BF16_TARGET void column(const Panels<BFloat16>& a, size_t num_outputs, const Panels<BFloat16>& b, size_t panel,
                                 float* c, size_t ldc, Store store) {
  const BFloat16* b_data = b.data + panel * b.panel_stride;
  for (size_t row = 0; row < num_outputs; row += kTileRows) {
    const BFloat16* a_data = a.data + row / kPanelWidth * a.panel_stride + row % kPanelWidth * 2;
    tile<kPanels>(a_data, b, b_data, num_outputs - row, c + row * ldc + panel * kPanelWidth, ldc, store);
  }
}

}  // namespace

void outer_gemm(const Panels<BFloat16>& a, size_t num_outputs, const Panels<BFloat16>& b, float* c, size_t ldc,
                Store store) {
  size_t panel = 0;
  for (; panel + kTilePanels <= b.num_panels; panel += kTilePanels)
    column<kTilePanels>(a, num_outputs, b, panel, c, ldc, store);
  for (; panel + 2 <= b.num_panels; panel += 2) column<2>(a, num_outputs, b, panel, c, ldc, store);
  for (; panel < b.num_panels; ++panel) column<1>(a, num_outputs, b, panel, c, ldc, store);
}

#else

void outer_gemm(const Panels<BFloat16>&, size_t, const Panels<BFloat16>&, float*, size_t, Store) {
  fail(ErrorKind::kInternal, "bf16 products need an x86-64 processor with avx512_bf16");
}

#endif

}  // namespace manyshot
