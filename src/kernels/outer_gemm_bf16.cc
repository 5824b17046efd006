#include "kernels/bf16_vector.h"
#include "kernels/gemm_amx.h"
#include "kernels/outer_gemm.h"
#include "kernels/simd.h"

namespace manyshot::kernels {

#if defined(__x86_64__)

namespace {

constexpr size_t kTileRows = 8;  // of C; half a panel of A
constexpr size_t kTilePanels = 3;

template <size_t kPanels>
MANYSHOT_BF16_TARGET void column(const Panels<BFloat16>& a, size_t num_outputs, const Panels<BFloat16>& b, size_t panel,
                                 Rows<float> c, Store store) {
  const BFloat16* b_data = b.data + panel * b.panel_stride;
  for (size_t row = 0; row < num_outputs; row += kTileRows) {
    const BFloat16* a_data = a.data + row / kPanelWidth * a.panel_stride + row % kPanelWidth * 2;
    __m512 sums[kTileRows][kPanels];
    multiply({a_data, 2, kPanelWidth}, b, b_data, sums);
    store_sums(sums, num_outputs - row, c.from(row, panel * kPanelWidth), store);
  }
}

}  // namespace

void outer_gemm(const Panels<BFloat16>& a, size_t num_outputs, const Panels<BFloat16>& b, Rows<float> c, Store store) {
  if (simd_level() == SimdLevel::kAmxBf16) return outer_gemm_amx(a, num_outputs, b, c, store);
  size_t panel = 0;
  for (; panel + kTilePanels <= b.num_panels; panel += kTilePanels) {
    column<kTilePanels>(a, num_outputs, b, panel, c, store);
  }
  for (; panel + 2 <= b.num_panels; panel += 2) column<2>(a, num_outputs, b, panel, c, store);
  for (; panel < b.num_panels; ++panel) column<1>(a, num_outputs, b, panel, c, store);
}

#else

void outer_gemm(const Panels<BFloat16>&, size_t, const Panels<BFloat16>&, Rows<float>, Store) { fail_without_bf16(); }

#endif

}  // namespace manyshot::kernels
