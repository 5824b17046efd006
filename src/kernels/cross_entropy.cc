#include "kernels/cross_entropy.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cross_entropy.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {

template <class To>
HWY_INLINE void softmax_gradient_values(const float* logits, size_t count, float log_sum, float factor, To* gradients) {
  const Floats d;
  for (size_t at = 0; at < round_up(count, kPanelWidth); at += kFloatLanes) {
    const FloatVec power = exp_f32(d, hn::Sub(hn::LoadU(d, logits + at), hn::Set(d, log_sum)));
    const auto kept = hn::FirstN(d, count > at ? count - at : 0);
    store(d, hn::IfThenElseZero(kept, hn::Mul(power, hn::Set(d, factor))), gradients + at);
  }
}

void softmax_gradient_f32(const float* logits, size_t count, float log_sum, float factor, float* gradients) {
  softmax_gradient_values(logits, count, log_sum, factor, gradients);
}

void softmax_gradient_bf16(const float* logits, size_t count, float log_sum, float factor, BFloat16* gradients) {
  softmax_gradient_values(logits, count, log_sum, factor, gradients);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

HWY_EXPORT(softmax_gradient_f32);
HWY_EXPORT(softmax_gradient_bf16);

void softmax_gradient(const float* logits, size_t count, float log_sum, float factor, float* gradients) {
  HWY_DYNAMIC_DISPATCH(softmax_gradient_f32)(logits, count, log_sum, factor, gradients);
}

void softmax_gradient(const float* logits, size_t count, float log_sum, float factor, BFloat16* gradients) {
  HWY_DYNAMIC_DISPATCH(softmax_gradient_bf16)(logits, count, log_sum, factor, gradients);
}

float softmax_gradient_at(float target_logit, double log_sum, float factor) {
  return static_cast<float>(factor * std::expm1(target_logit - log_sum));
}

}  // namespace manyshot
#endif
