#include "kernels/outer_gemm.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/outer_gemm.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/bfloat16-inl.h"
#include "kernels/gemm_f32-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

// Rows m and m + 1 of a panel, side by side; without `odd` the second is zero.
template <class In>
HWY_INLINE void interleave(const In* even, const In* odd, BFloat16* to) {
  const Floats d;
  const hn::RebindToUnsigned<Floats> du;
  MANYSHOT_UNROLL
  for (size_t i = 0; i < kPanelWidth; i += kFloatLanes) {
    const auto low = hn::ShiftRight<16>(rounded_bits(d, load(d, even + i)));
    const auto high =
        odd == nullptr ? hn::Zero(du) : hn::And(rounded_bits(d, load(d, odd + i)), hn::Set(du, 0xFFFF0000u));
    hn::StoreU(hn::Or(low, high), du, reinterpret_cast<uint32_t*>(to) + i);
  }
}

template <class In>
void pack_rows_bf16(Rows<const In> x, size_t M, size_t width, BFloat16* to) {
  for (size_t column = 0; column < width; column += kPanelWidth) {
    for (size_t m = 0; m < M; m += 2, to += 2 * kPanelWidth) {
      interleave(x[m] + column, m + 1 < M ? x[m + 1] + column : nullptr, to);
    }
  }
}

inline constexpr auto& pack_f32_rows = pack_rows_bf16<float>;
inline constexpr auto& pack_bf16_rows = pack_rows_bf16<BFloat16>;

constexpr size_t kOuterRows = 4;  // of C
constexpr size_t kOuterPanels = kParts == 1 ? 4 : 1;

template <size_t kPanels>
HWY_NOINLINE void outer_column(const Panels<float>& a, size_t num_outputs, const Panels<float>& b, size_t panel,
                               Rows<float> c, Store store) {
  const float* b_data = b.data + panel * b.panel_stride;
  for (size_t row = 0; row < num_outputs; row += kOuterRows) {
    const float* a_data = a.data + row / kPanelWidth * a.panel_stride + row % kPanelWidth;
    FloatVec sums[kOuterRows][kPanels * kParts];
    multiply({a_data, 1, kPanelWidth}, b, b_data, sums);
    store_sums(sums, num_outputs - row, c.from(row, panel * kPanelWidth), store);
  }
}

void outer_gemm_f32(const Panels<float>& a, size_t num_outputs, const Panels<float>& b, Rows<float> c, Store store) {
  size_t panel = 0;
  for (; panel + kOuterPanels <= b.num_panels; panel += kOuterPanels) {
    outer_column<kOuterPanels>(a, num_outputs, b, panel, c, store);
  }
  for (; panel < b.num_panels; ++panel) outer_column<1>(a, num_outputs, b, panel, c, store);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {
namespace {

template <class T>
Panels<T> row_panels(const T* data, size_t M, size_t width) {
  const size_t num_rows = round_up(M, 2);
  return {data, num_rows, width / kPanelWidth, kPanelWidth, num_rows * kPanelWidth};
}

// kGroup neighbours of a row (one value of f32, a pair of bf16) stay together: group k of row m goes to
// [m / 16][k][m % 16].
template <size_t kGroup, class T>
Panels<T> transpose_groups(Rows<const T> x, size_t M, size_t width, T* to) {
  for (size_t first = 0; first < M; first += kPanelWidth) {
    T* out = to + first * width;
    const size_t count = std::min(kPanelWidth, M - first);
    if (count < kPanelWidth) std::fill_n(out, width * kPanelWidth, T());
    for (size_t m = 0; m < count; ++m) {
      const T* row = x[first + m];
      for (size_t k = 0; k < width; k += kGroup) {
        std::memcpy(out + k * kPanelWidth + kGroup * m, row + k, kGroup * sizeof(T));
      }
    }
  }
  return {to, width, round_up(M, kPanelWidth) / kPanelWidth, kPanelWidth, width * kPanelWidth};
}

}  // namespace

HWY_EXPORT(pack_f32_rows);
HWY_EXPORT(pack_bf16_rows);
HWY_EXPORT(outer_gemm_f32);

Panels<float> pack_rows(Rows<const float> x, size_t M, size_t width, float* to) {
  const Panels<float> panels = row_panels(to, M, width);
  for (size_t column = 0; column < width; column += kPanelWidth, to += panels.panel_stride) {
    for (size_t m = 0; m < M; ++m) std::copy_n(x[m] + column, kPanelWidth, to + m * kPanelWidth);
    if (M % 2 != 0) std::fill_n(to + M * kPanelWidth, kPanelWidth, 0.0f);
  }
  return panels;
}

Panels<BFloat16> pack_rows(Rows<const float> x, size_t M, size_t width, BFloat16* to) {
  HWY_DYNAMIC_DISPATCH(pack_f32_rows)(x, M, width, to);
  return row_panels(to, M, width);
}

Panels<BFloat16> pack_rows(Rows<const BFloat16> x, size_t M, size_t width, BFloat16* to) {
  HWY_DYNAMIC_DISPATCH(pack_bf16_rows)(x, M, width, to);
  return row_panels(to, M, width);
}

Panels<float> pack_columns(Rows<const float> x, size_t M, size_t width, float* to) {
  return transpose_groups<1>(x, M, width, to);
}

Panels<BFloat16> pack_columns(Rows<const BFloat16> x, size_t M, size_t width, BFloat16* to) {
  return transpose_groups<2>(x, M, width, to);
}

void outer_gemm(const Panels<float>& a, size_t num_outputs, const Panels<float>& b, Rows<float> c, Store store) {
  HWY_DYNAMIC_DISPATCH(outer_gemm_f32)(a, num_outputs, b, c, store);
}

}  // namespace manyshot::kernels
#endif
