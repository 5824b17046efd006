#include "kernels/log_sum_exp.h"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_sum_exp.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {

ExpSum exp_sum_f32(const float* logits, size_t count) {
  const Floats d;
  const FloatVec lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  const auto kept = [&](size_t at) { return hn::FirstN(d, count > at ? count - at : 0); };
  FloatVec highest = lowest;
  for (size_t at = 0; at < count; at += kFloatLanes) {
    highest = hn::Max(highest, hn::IfThenElse(kept(at), hn::LoadU(d, logits + at), lowest));
  }
  highest = hn::MaxOfLanes(d, highest);
  FloatVec sums[kParts];
  MANYSHOT_UNROLL
  for (size_t part = 0; part < kParts; ++part) sums[part] = hn::Zero(d);
  for (size_t i = 0; i < count; i += kPanelWidth) {
    MANYSHOT_UNROLL
    for (size_t part = 0; part < kParts; ++part) {
      const size_t at = i + part * kFloatLanes;
      const FloatVec powers = exp_f32(d, hn::Sub(hn::LoadU(d, logits + at), highest));
      sums[part] = hn::Add(sums[part], hn::IfThenElseZero(kept(at), powers));
    }
  }
  return {hn::GetLane(highest), sum_parts(sums)};
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

HWY_EXPORT(exp_sum_f32);

ExpSum exp_sum(const float* logits, size_t count) { return HWY_DYNAMIC_DISPATCH(exp_sum_f32)(logits, count); }

}  // namespace manyshot
#endif
