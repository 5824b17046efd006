// Sums, moments and element-wise passes over a column, for the Highway targets that include this file.
#if defined(MANYSHOT_PRIOR_VECTOR_SUMS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_PRIOR_VECTOR_SUMS_INL
#undef MANYSHOT_PRIOR_VECTOR_SUMS_INL
#else
#define MANYSHOT_PRIOR_VECTOR_SUMS_INL
#endif

#include <cmath>

#include "kernels/unroll.h"
#include "prior/random/column_loops.h"
#include "prior/random/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::prior {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::Vec<GroupFloats>;

// Folds add(value, sum) over a column: value i goes to partial sum i % 64, and the 64 are added in one order.
template <class Add>
HWY_INLINE float sum_over(const float* x, size_t count, const Add& add) {
  const GroupFloats d;
  constexpr size_t kVectors = 4 * kGroupParts;
  Floats sums[kVectors];
  MANYSHOT_UNROLL
  for (size_t v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
  size_t i = 0;
  for (; i + 4 * kGroup <= count; i += 4 * kGroup) {
    MANYSHOT_UNROLL
    for (size_t v = 0; v < kVectors; ++v) sums[v] = add(hn::LoadU(d, x + i + v * kGroupLanes), sums[v]);
  }
  alignas(64) float parts[4 * kGroup];
  MANYSHOT_UNROLL
  for (size_t v = 0; v < kVectors; ++v) hn::StoreU(sums[v], d, parts + v * kGroupLanes);
  for (size_t left = i; left < count; ++left) {
    parts[left - i] = hn::GetLane(add(hn::Set(d, x[left]), hn::Set(d, parts[left - i])));
  }
  for (size_t half = 2 * kGroup; half > 0; half /= 2) {
    for (size_t part = 0; part < half; ++part) parts[part] += parts[part + half];
  }
  return parts[0];
}

HWY_INLINE Moments vector_moments(const float* x, size_t count) {
  const GroupFloats d;
  const float total = sum_over(x, count, [](Floats v, Floats sum) HWY_ATTR { return hn::Add(sum, v); });
  const float mean = total / static_cast<float>(count);
  const auto mean_v = hn::Set(d, mean);
  const float squares = sum_over(x, count, [&](Floats v, Floats sum) HWY_ATTR {
    const Floats centred = hn::Sub(v, mean_v);
    return hn::MulAdd(centred, centred, sum);
  });
  return {mean, std::sqrt(squares / static_cast<float>(count - 1))};
}

// out[i] = transform(x[i]); out may be x.
template <class Transform>
HWY_INLINE void transform_column(const float* x, size_t count, float* out, const Transform& transform) {
  const GroupFloats d;
  size_t i = 0;
  for (; i + kGroupLanes <= count; i += kGroupLanes) hn::StoreU(transform(hn::LoadU(d, x + i)), d, out + i);
  if (i < count) {
    alignas(64) float rest[kGroupLanes] = {};
    for (size_t j = i; j < count; ++j) rest[j - i] = x[j];
    hn::StoreU(transform(hn::Load(d, rest)), d, rest);
    for (size_t j = i; j < count; ++j) out[j] = rest[j - i];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::prior
HWY_AFTER_NAMESPACE();

#endif
