#include "kernels/row_panels.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/panel_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row_panels.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {

using Words = hn::RebindToUnsigned<Floats>;
using Halves = hn::Rebind<uint16_t, Floats>;

// Two rows of bf16 in memory order (even, odd, even, odd, …).
void interleave_rows(const BFloat16* even, const BFloat16* odd, size_t width, size_t panel_stride, BFloat16* to) {
  const Words words;
  const Halves halves;
  const auto load = [&](const BFloat16* from) HWY_ATTR {
    return hn::PromoteTo(words, hn::LoadU(halves, reinterpret_cast<const uint16_t*>(from)));
  };
  for (size_t column = 0; column < width; column += kPanelWidth, to += panel_stride) {
    MANYSHOT_UNROLL
    for (size_t part = 0; part < kParts; ++part) {
      const size_t at = column + part * kFloatLanes;
      const auto pairs = hn::Or(load(even + at), hn::ShiftLeft<16>(load(odd + at)));
      hn::StoreU(pairs, words, reinterpret_cast<uint32_t*>(to + 2 * part * kFloatLanes));
    }
  }
}

template <class To>
HWY_INLINE void scale_values(const float* from, size_t count, float factor, To* to) {
  const Floats d;
  for (size_t i = 0; i < count; i += kFloatLanes) {
    store(d, hn::Mul(hn::LoadU(d, from + i), hn::Set(d, factor)), to + i);
  }
}

void scale_to_f32(const float* from, size_t count, float factor, float* to) { scale_values(from, count, factor, to); }
void scale_to_bf16(const float* from, size_t count, float factor, BFloat16* to) {
  scale_values(from, count, factor, to);
}

void widen_bf16(const BFloat16* from, size_t count, float* to) {
  const Floats d;
  const Words words;
  const Halves halves;
  for (size_t i = 0; i < count; i += kFloatLanes) {
    const auto bits = hn::PromoteTo(words, hn::LoadU(halves, reinterpret_cast<const uint16_t*>(from + i)));
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(bits)), d, to + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

HWY_EXPORT(interleave_rows);
HWY_EXPORT(scale_to_f32);
HWY_EXPORT(scale_to_bf16);
HWY_EXPORT(widen_bf16);

Panels<float> pack_row_panels(const float* rows, size_t row_stride, size_t M, size_t width, float* panels) {
  const size_t num_rows = round_up(M, 2), panel_stride = num_rows * kPanelWidth;
  for (size_t row = 0; row < num_rows; ++row) {
    for (size_t column = 0; column < width; column += kPanelWidth) {
      float* to = panels + column / kPanelWidth * panel_stride + row * kPanelWidth;
      if (row < M) {
        std::copy_n(rows + row * row_stride + column, kPanelWidth, to);
      } else {
        std::fill_n(to, kPanelWidth, 0.0f);
      }
    }
  }
  return {panels, num_rows, width / kPanelWidth, kPanelWidth, panel_stride};
}

Panels<BFloat16> pack_row_panels(const BFloat16* rows, size_t row_stride, size_t M, size_t width, BFloat16* panels) {
  const size_t num_rows = round_up(M, 2), panel_stride = num_rows * kPanelWidth;
  const std::vector<BFloat16> zeros(M % 2 * width);
  for (size_t row = 0; row < M; row += 2) {
    const BFloat16* even = rows + row * row_stride;
    const BFloat16* odd = row + 1 < M ? even + row_stride : zeros.data();
    HWY_DYNAMIC_DISPATCH(interleave_rows)(even, odd, width, panel_stride, panels + row * kPanelWidth);
  }
  return {panels, num_rows, width / kPanelWidth, kPanelWidth, panel_stride};
}

template <class T>
PackedMatrix<T> transposed(const PackedMatrix<T>& weight, size_t num_outputs, size_t num_inputs) {
  constexpr size_t kRowsAtOnce = 64;
  PackedMatrix<T> result(num_inputs, num_outputs);
  const Panels<T>& from = weight.panels();
  std::vector<float> rows(kRowsAtOnce * num_outputs);
  for (size_t first = 0; first < num_inputs; first += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, num_inputs - first);
    for (size_t output = 0; output < num_outputs; ++output) {
      for (size_t i = 0; i < count; ++i) {
        rows[i * num_outputs + output] =
            static_cast<float>(from.data[panel_offset<T>(from.num_rows, first + i, output)]);
      }
    }
    result.set_rows(first, std::span<const float>(rows).first(count * num_outputs), num_outputs);
  }
  return result;
}

template PackedMatrix<float> transposed(const PackedMatrix<float>&, size_t, size_t);
template PackedMatrix<BFloat16> transposed(const PackedMatrix<BFloat16>&, size_t, size_t);

void scale_to(const float* from, size_t count, float factor, float* to) {
  HWY_DYNAMIC_DISPATCH(scale_to_f32)(from, count, factor, to);
}
void scale_to(const float* from, size_t count, float factor, BFloat16* to) {
  HWY_DYNAMIC_DISPATCH(scale_to_bf16)(from, count, factor, to);
}

void widen(const float* from, size_t count, float* to) { std::copy_n(from, count, to); }
void widen(const BFloat16* from, size_t count, float* to) { HWY_DYNAMIC_DISPATCH(widen_bf16)(from, count, to); }

}  // namespace manyshot
#endif
