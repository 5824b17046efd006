#include "kernels/bf16_vector.h"
#include "kernels/gemm.h"
#include "kernels/gemm_amx.h"
#include "kernels/simd.h"

namespace manyshot::kernels {

#if defined(__x86_64__)

namespace {

constexpr size_t kTileRows = 6;
constexpr size_t kTilePanels = 4;

template <size_t kRows, size_t kPanels>
MANYSHOT_BF16_TARGET inline void tile(Rows<const BFloat16> a, const Panels<BFloat16>& b, const BFloat16* b_data,
                                      Rows<float> c, Store store) {
  __m512 sums[kRows][kPanels];
  multiply({a.data, a.stride, 1}, b, b_data, sums);
  store_sums(sums, kRows, c, store);
}

template <size_t kPanels, size_t kRows>
MANYSHOT_BF16_TARGET inline void last_rows(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b,
                                           const BFloat16* b_data, Rows<float> c, Store store) {
  if constexpr (kRows > 0) {
    if (M == kRows) return tile<kRows, kPanels>(a, b, b_data, c, store);
    last_rows<kPanels, kRows - 1>(a, M, b, b_data, c, store);
  }
}

template <size_t kPanels>
MANYSHOT_BF16_TARGET void column(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b, size_t panel,
                                 Rows<float> c, Store store) {
  const BFloat16* b_data = b.data + panel * b.panel_stride;
  c = c.from(0, panel * kPanelWidth);
  size_t row = 0;
  for (; row + kTileRows <= M; row += kTileRows) {
    tile<kTileRows, kPanels>(a.from(row), b, b_data, c.from(row), store);
  }
  if (row < M) last_rows<kPanels, kTileRows - 1>(a.from(row), M - row, b, b_data, c.from(row), store);
}

}  // namespace

void gemm(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b, Rows<float> c, Store store) {
  if (simd_level() == SimdLevel::kAmxBf16) return gemm_amx(a, M, b, c, store);
  size_t panel = 0;
  for (; panel + kTilePanels <= b.num_panels; panel += kTilePanels) column<kTilePanels>(a, M, b, panel, c, store);
  for (; panel + 2 <= b.num_panels; panel += 2) column<2>(a, M, b, panel, c, store);
  for (; panel < b.num_panels; ++panel) column<1>(a, M, b, panel, c, store);
}

#else

void gemm(Rows<const BFloat16>, size_t, const Panels<BFloat16>&, Rows<float>, Store) { fail_without_bf16(); }

#endif

}  // namespace manyshot::kernels
