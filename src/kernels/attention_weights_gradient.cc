#include "kernels/attention_gradient.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_weights_gradient.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

void differentiate_weights_f32(const WeightGradients<float>& in, size_t num_rows) {
  const Floats d;
  const size_t stride = round_up(num_rows, 2);
  for (size_t row = 0; row < stride; ++row) {
    const bool is_there = row < num_rows;
    const size_t visible = is_there ? in.visible[row] : 0;
    const FloatVec log_sum = hn::Set(d, is_there ? in.log_sums[row] : 0.0f);
    const FloatVec dot = hn::Set(d, is_there ? in.dots[row] : 0.0f);
    for (size_t column = 0; column < kKeyTile; column += kFloatLanes) {
      const size_t at = row * kKeyTile + column;
      const size_t to = column / kPanelWidth * stride * kPanelWidth + row * kPanelWidth + column % kPanelWidth;
      const auto kept = lanes_below(column, visible);
      const FloatVec power = exp2_f32(d, hn::Sub(hn::LoadU(d, in.scores + at), log_sum));
      const FloatVec weight = hn::IfThenElseZero(kept, power);
      const FloatVec gradient =
          hn::IfThenElseZero(kept, hn::Mul(weight, hn::Sub(hn::LoadU(d, in.weight_gradients + at), dot)));
      hn::StoreU(weight, d, in.weights + to);
      hn::StoreU(gradient, d, in.score_panels + to);
      hn::StoreU(gradient, d, in.score_rows + at);
    }
  }
}

template <class T>
void dot_rows(const float* a, const T* b, size_t num_rows, size_t width, float* dots) {
  for (size_t row = 0; row < num_rows; ++row, a += width, b += width) dots[row] = dot_product(a, b, width);
}

inline constexpr auto& dot_heads_f32 = dot_rows<float>;
inline constexpr auto& dot_heads_bf16 = dot_rows<BFloat16>;

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(differentiate_weights_f32);
HWY_EXPORT(dot_heads_f32);
HWY_EXPORT(dot_heads_bf16);

void differentiate_weights(const WeightGradients<float>& in, size_t num_rows) {
  HWY_DYNAMIC_DISPATCH(differentiate_weights_f32)(in, num_rows);
}

void dot_heads(const float* a, const float* b, size_t num_heads, size_t head_dim, float* dots) {
  HWY_DYNAMIC_DISPATCH(dot_heads_f32)(a, b, num_heads, head_dim, dots);
}

void dot_heads(const float* a, const BFloat16* b, size_t num_heads, size_t head_dim, float* dots) {
  HWY_DYNAMIC_DISPATCH(dot_heads_bf16)(a, b, num_heads, head_dim, dots);
}

}  // namespace manyshot::kernels
#endif
