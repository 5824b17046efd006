#include "kernels/cross_entropy.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/bfloat16-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

template <class To>
void softmax_gradient_values(const float* logits, size_t count, float largest, float factor, To* gradients) {
  const Floats d;
  for (size_t at = 0; at < round_up(count, kPanelWidth); at += kFloatLanes) {
    const FloatVec power = exp_f32(d, hn::Sub(hn::LoadU(d, logits + at), hn::Set(d, largest)));
    store(d, hn::IfThenElseZero(lanes_below(at, count), hn::Mul(power, hn::Set(d, factor))), gradients + at);
  }
}

inline constexpr auto& softmax_gradient_f32 = softmax_gradient_values<float>;
inline constexpr auto& softmax_gradient_bf16 = softmax_gradient_values<BFloat16>;

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(softmax_gradient_f32);
HWY_EXPORT(softmax_gradient_bf16);

double Normaliser::log_probability(float logit) const { return static_cast<double>(logit) - largest - std::log(sum); }

void softmax_gradient(const float* logits, size_t count, const Normaliser& normaliser, float factor, float* gradients) {
  HWY_DYNAMIC_DISPATCH(softmax_gradient_f32)
  (logits, count, normaliser.largest, static_cast<float>(factor / normaliser.sum), gradients);
}

void softmax_gradient(const float* logits, size_t count, const Normaliser& normaliser, float factor,
                      BFloat16* gradients) {
  HWY_DYNAMIC_DISPATCH(softmax_gradient_bf16)
  (logits, count, normaliser.largest, static_cast<float>(factor / normaliser.sum), gradients);
}

float softmax_gradient_at(float target_logit, const Normaliser& normaliser, float factor) {
  return static_cast<float>(factor * std::expm1(normaliser.log_probability(target_logit)));
}

}  // namespace manyshot::kernels
#endif
