#include "kernels/bf16_vector.h"
#include "kernels/gemm.h"

namespace manyshot {

#if defined(__x86_64__)

namespace {

constexpr size_t kTileRows = 6;
constexpr size_t kTilePanels = 4;

template <size_t kRows, size_t kPanels>
MANYSHOT_BF16_TARGET inline void tile(const BFloat16* a, size_t lda, const Panels<BFloat16>& b, const BFloat16* b_data,
                                      float* c, size_t ldc, Store store) {
  __m512 sums[kRows][kPanels];
  multiply({a, lda, 1}, b, b_data, sums);
  store_sums(sums, kRows, c, ldc, store);
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

void gemm(const BFloat16*, size_t, size_t, const Panels<BFloat16>&, float*, size_t, Store) { fail_without_bf16(); }

#endif

}  // namespace manyshot
