#include "kernels/log_sum_exp.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_sum_exp.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/softmax-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

ExpSum exp_sum_f32(const float* logits, size_t count) {
  const FloatVec highest = hn::MaxOfLanes(Floats(), lane_maxima(logits, count));
  const float sum = for_weights(logits, highest, count, round_up(count, kPanelWidth), [](size_t, FloatVec) HWY_ATTR {});
  return {hn::GetLane(highest), sum};
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(exp_sum_f32);

ExpSum exp_sum(const float* logits, size_t count) { return HWY_DYNAMIC_DISPATCH(exp_sum_f32)(logits, count); }

}  // namespace manyshot::kernels
#endif
