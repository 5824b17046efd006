// The largest of a row of scores and the weights e^(score - largest), for the Highway targets that include this file.
#if defined(MANYSHOT_SOFTMAX_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_SOFTMAX_INL
#undef MANYSHOT_SOFTMAX_INL
#else
#define MANYSHOT_SOFTMAX_INL
#endif

#include <hwy/highway.h>

#include <limits>

// after highway.h
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The lanes of [at, at + kFloatLanes) below `count`.
HWY_INLINE hn::Mask<Floats> lanes_below(size_t at, size_t count) {
  return hn::FirstN(Floats(), count > at ? count - at : 0);
}

// Lane by lane, the largest of the first `count` scores; -infinity without any. Scores are readable to whole vectors.
HWY_INLINE FloatVec lane_maxima(const float* scores, size_t count) {
  const Floats d;
  const FloatVec lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  FloatVec highest = lowest;
  size_t i = 0;
  for (; i + kFloatLanes <= count; i += kFloatLanes) highest = hn::Max(highest, hn::LoadU(d, scores + i));
  if (i < count) highest = hn::Max(highest, hn::IfThenElse(lanes_below(i, count), hn::LoadU(d, scores + i), lowest));
  return highest;
}

// Gives take(i, weights) the vectors of e^(score - highest) at every multiple i of their length below `width`, zero for
// scores from `count` on. Returns the sum of the weights. REQUIRES: width a multiple of 16 and not below count, scores
// readable to it.
template <class Take>
HWY_INLINE float for_weights(const float* scores, FloatVec highest, size_t count, size_t width, const Take& take) {
  const Floats d;
  FloatVec sums[kParts];
  MANYSHOT_UNROLL
  for (size_t part = 0; part < kParts; ++part) sums[part] = hn::Zero(d);
  for (size_t i = 0; i < width; i += kPanelWidth) {
    MANYSHOT_UNROLL
    for (size_t part = 0; part < kParts; ++part) {
      const size_t at = i + part * kFloatLanes;
      const FloatVec powers = exp_f32(d, hn::Sub(hn::LoadU(d, scores + at), highest));
      const FloatVec weights = at + kFloatLanes <= count ? powers : hn::IfThenElseZero(lanes_below(at, count), powers);
      sums[part] = hn::Add(sums[part], weights);
      take(at, weights);
    }
  }
  return sum_parts(sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#endif
