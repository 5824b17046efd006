// Register tiles of the f32 product, for the Highway targets that include this file.
#if defined(MANYSHOT_GEMM_F32_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_GEMM_F32_INL
#undef MANYSHOT_GEMM_F32_INL
#else
#define MANYSHOT_GEMM_F32_INL
#endif

#include <hwy/highway.h>

#include "kernels/gemm.h"
#include "kernels/unroll.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A block of 16 floats is kParts vectors, so every target works on the same 16 columns or partial sums.
using Floats = hn::CappedTag<float, kPanelWidth>;
using FloatVec = hn::Vec<Floats>;
inline constexpr size_t kFloatLanes = hn::MaxLanes(Floats());
inline constexpr size_t kParts = kPanelWidth / kFloatLanes;

// Tiles that keep their sums in registers: 32 vector registers with AVX-512 and NEON, 16 otherwise.
inline constexpr size_t kTileRows = kParts <= 2 || HWY_TARGET == HWY_NEON ? 6 : 2;
inline constexpr size_t kTilePanels = kParts == 1 ? 4 : 1;

// Where the factor A of a product has its elements: (row, k) at data[row * row_stride + k * k_stride].
struct FactorA {
  const float* data;
  size_t row_stride, k_stride;
};

// sums[row] = kRows rows of A times the panels of B from b_data on, kVectors vectors.
template <size_t kRows, size_t kVectors>
HWY_INLINE void multiply(const FactorA& a, const Panels<float>& b, const float* HWY_RESTRICT b_data,
                         FloatVec (&sums)[kRows][kVectors]) {
  const Floats d;
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kRows; ++row) {
    MANYSHOT_UNROLL
    for (size_t v = 0; v < kVectors; ++v) sums[row][v] = hn::Zero(d);
  }
  for (size_t k = 0; k < b.num_rows; ++k) {
    FloatVec b_vec[kVectors];
    MANYSHOT_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      b_vec[v] = hn::LoadU(d, b_data + v / kParts * b.panel_stride + k * b.row_stride + v % kParts * kFloatLanes);
    }
    MANYSHOT_UNROLL
    for (size_t row = 0; row < kRows; ++row) {
      const FloatVec a_vec = hn::Set(d, a.data[row * a.row_stride + k * a.k_stride]);
      MANYSHOT_UNROLL
      for (size_t v = 0; v < kVectors; ++v) sums[row][v] = hn::MulAdd(a_vec, b_vec[v], sums[row][v]);
    }
  }
}

// The first num_rows rows of sums to C.
template <size_t kRows, size_t kVectors>
HWY_INLINE void store_sums(const FloatVec (&sums)[kRows][kVectors], size_t num_rows, Rows<float> c, Store store) {
  const Floats d;
  MANYSHOT_UNROLL
  for (size_t row = 0; row < kRows; ++row) {
    if (row >= num_rows) return;
    MANYSHOT_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      float* to = c[row] + v * kFloatLanes;
      hn::StoreU(store == Store::kAdd ? hn::Add(hn::LoadU(d, to), sums[row][v]) : sums[row][v], d, to);
    }
  }
}

template <size_t kRows, size_t kPanels>
HWY_INLINE void gemm_tile(Rows<const float> a, const Panels<float>& b, const float* b_data, Rows<float> c,
                          Store store) {
  FloatVec sums[kRows][kPanels * kParts];
  multiply({a.data, a.stride, 1}, b, b_data, sums);
  store_sums(sums, kRows, c, store);
}

template <size_t kPanels, size_t kRows = kTileRows>
HWY_INLINE void gemm_rows(Rows<const float> a, size_t M, const Panels<float>& b, const float* b_data, Rows<float> c,
                          Store store) {
  if constexpr (kRows > 0) {
    if (M == kRows) return gemm_tile<kRows, kPanels>(a, b, b_data, c, store);
    gemm_rows<kPanels, kRows - 1>(a, M, b, b_data, c, store);
  }
}

template <size_t kPanels>
HWY_NOINLINE void gemm_column(Rows<const float> a, size_t M, const Panels<float>& b, size_t panel, Rows<float> c,
                              Store store) {
  const float* b_data = b.data + panel * b.panel_stride;
  c = c.from(0, panel * kPanelWidth);
  size_t row = 0;
  for (; row + kTileRows <= M; row += kTileRows) {
    gemm_tile<kTileRows, kPanels>(a.from(row), b, b_data, c.from(row), store);
  }
  if (row < M) gemm_rows<kPanels, kTileRows - 1>(a.from(row), M - row, b, b_data, c.from(row), store);
}

HWY_INLINE void gemm_panels(Rows<const float> a, size_t M, const Panels<float>& b, Rows<float> c, Store store) {
  size_t panel = 0;
  for (; panel + kTilePanels <= b.num_panels; panel += kTilePanels) gemm_column<kTilePanels>(a, M, b, panel, c, store);
  if constexpr (kTilePanels > 2) {
    for (; panel + 2 <= b.num_panels; panel += 2) gemm_column<2>(a, M, b, panel, c, store);
  }
  for (; panel < b.num_panels; ++panel) gemm_column<1>(a, M, b, panel, c, store);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#endif
