#include "prior/random/column_loops.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "prior/random/column_loops.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "prior/random/vector_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::prior {
namespace HWY_NAMESPACE {

Moments moments_of(const float* x, size_t count) { return vector_moments(x, count); }

void moments_between(const float* x, size_t count, float low, float high, Moments* moments) {
  const GroupFloats d;
  const auto low_v = hn::Set(d, low);
  const auto high_v = hn::Set(d, high);
  const auto inside = [&](Floats v) HWY_ATTR { return hn::And(hn::Ge(v, low_v), hn::Le(v, high_v)); };
  const float number = sum_over(x, count, [&](Floats v, Floats sum) HWY_ATTR {
    return hn::Add(sum, hn::IfThenElseZero(inside(v), hn::Set(d, 1.0f)));
  });
  const float total =
      sum_over(x, count, [&](Floats v, Floats sum) HWY_ATTR { return hn::Add(sum, hn::IfThenElseZero(inside(v), v)); });
  moments->mean = total / number;
  const auto mean = hn::Set(d, moments->mean);
  const float squares = sum_over(x, count, [&](Floats v, Floats sum) HWY_ATTR {
    const auto centred = hn::IfThenElseZero(inside(v), hn::Sub(v, mean));
    return hn::MulAdd(centred, centred, sum);
  });
  moments->deviation = number > 1 ? std::sqrt(squares / (number - 1)) : 0.0f;
}

void extremes_of(const float* x, size_t count, Extremes* extremes) {
  const GroupFloats d;
  const size_t whole = count / kGroupLanes * kGroupLanes;
  float low = x[0], high = x[0];
  if (whole > 0) {
    Floats low_v = hn::LoadU(d, x), high_v = low_v;
    for (size_t i = kGroupLanes; i < whole; i += kGroupLanes) {
      const Floats v = hn::LoadU(d, x + i);
      low_v = hn::Min(low_v, v);
      high_v = hn::Max(high_v, v);
    }
    low = hn::GetLane(hn::MinOfLanes(d, low_v));
    high = hn::GetLane(hn::MaxOfLanes(d, high_v));
  }
  for (size_t i = whole; i < count; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  *extremes = {low, high};
}

void clamp_scale(const float* x, size_t count, float low, float high, float mean, float factor, float limit,
                 float* out) {
  const GroupFloats d;
  const auto low_v = hn::Set(d, low), high_v = hn::Set(d, high), mean_v = hn::Set(d, mean),
             factor_v = hn::Set(d, factor);
  const auto limit_v = hn::Set(d, limit);
  const auto least_v = hn::Neg(limit_v);
  const auto transform = [&](Floats v) HWY_ATTR {
    v = hn::Min(hn::Max(v, low_v), high_v);
    v = hn::Mul(hn::Sub(v, mean_v), factor_v);
    return hn::Min(hn::Max(v, least_v), limit_v);
  };
  transform_column(x, count, out, transform);
}

void count_thresholds(const float* x, size_t count, const float* thresholds, size_t num_thresholds, int32_t* classes) {
  const GroupFloats d;
  const hn::RebindToSigned<GroupFloats> di;
  const size_t whole = count / kGroupLanes * kGroupLanes;
  for (size_t i = 0; i < whole; i += kGroupLanes) {
    const Floats v = hn::LoadU(d, x + i);
    auto number = hn::Zero(di);
    for (size_t t = 0; t < num_thresholds; ++t) {
      number = hn::Sub(number, hn::VecFromMask(di, hn::RebindMask(di, hn::Gt(v, hn::Set(d, thresholds[t])))));
    }
    hn::StoreU(number, di, classes + i);
  }
  for (size_t i = whole; i < count; ++i) {
    classes[i] = 0;
    for (size_t t = 0; t < num_thresholds; ++t) classes[i] += x[i] > thresholds[t] ? 1 : 0;
  }
}

void add_scaled_column(const float* x, size_t count, float factor, float* y) {
  const GroupFloats d;
  const auto factor_v = hn::Set(d, factor);
  const size_t whole = count / kGroupLanes * kGroupLanes;
  for (size_t i = 0; i < whole; i += kGroupLanes) {
    hn::StoreU(hn::MulAdd(hn::LoadU(d, x + i), factor_v, hn::LoadU(d, y + i)), d, y + i);
  }
  for (size_t i = whole; i < count; ++i) y[i] = std::fma(x[i], factor, y[i]);
}

HWY_INLINE Floats power_of(Floats magnitude, Floats exponent) {
  const GroupFloats d;
  return exp_or_infinity(d, hn::Min(hn::Mul(log_normal_f32(d, magnitude), exponent), hn::Set(d, 88.0f)));
}

void add_power_distances(const float* x, size_t count, float centre, float exponent, float* sums) {
  const GroupFloats d;
  const auto centre_v = hn::Set(d, centre), exponent_v = hn::Set(d, exponent);
  alignas(64) float rest[2 * kGroupLanes] = {};
  size_t i = 0;
  for (; i + kGroupLanes <= count; i += kGroupLanes) {
    const Floats distance = hn::Abs(hn::Sub(hn::LoadU(d, x + i), centre_v));
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), power_of(distance, exponent_v)), d, sums + i);
  }
  if (i < count) {
    for (size_t j = i; j < count; ++j) rest[j - i] = x[j];
    const Floats distance = hn::Abs(hn::Sub(hn::Load(d, rest), centre_v));
    hn::Store(power_of(distance, exponent_v), d, rest);
    for (size_t j = i; j < count; ++j) sums[j] += rest[j - i];
  }
}

void power_values(const float* x, size_t count, float exponent, float factor, bool keep_sign, float* out) {
  const GroupFloats d;
  const auto exponent_v = hn::Set(d, exponent), factor_v = hn::Set(d, factor);
  if (keep_sign) {
    transform_column(x, count, out, [&](Floats v) HWY_ATTR {
      return hn::Mul(factor_v, hn::CopySign(power_of(hn::Abs(v), exponent_v), v));
    });
  } else {
    transform_column(x, count, out,
                     [&](Floats v) HWY_ATTR { return hn::Mul(factor_v, power_of(hn::Abs(v), exponent_v)); });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::prior
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::prior {

HWY_EXPORT(moments_of);
HWY_EXPORT(moments_between);
HWY_EXPORT(extremes_of);
HWY_EXPORT(clamp_scale);
HWY_EXPORT(count_thresholds);
HWY_EXPORT(add_scaled_column);
HWY_EXPORT(add_power_distances);
HWY_EXPORT(power_values);

Moments column_moments(const float* x, size_t count) { return HWY_DYNAMIC_DISPATCH(moments_of)(x, count); }

Moments moments_within(const float* x, size_t count, float low, float high) {
  Moments moments;
  HWY_DYNAMIC_DISPATCH(moments_between)(x, count, low, high, &moments);
  return moments;
}

Extremes column_extremes(const float* x, size_t count) {
  Extremes extremes;
  HWY_DYNAMIC_DISPATCH(extremes_of)(x, count, &extremes);
  return extremes;
}

void clamp_and_scale(const float* x, size_t count, float low, float high, float mean, float factor, float limit,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(clamp_scale)(x, count, low, high, mean, factor, limit, out);
}

void count_below(const float* x, size_t count, const float* thresholds, size_t num_thresholds, int32_t* classes) {
  HWY_DYNAMIC_DISPATCH(count_thresholds)(x, count, thresholds, num_thresholds, classes);
}

void add_scaled(const float* x, size_t count, float factor, float* y) {
  HWY_DYNAMIC_DISPATCH(add_scaled_column)(x, count, factor, y);
}

void add_power_distance(const float* x, size_t count, float centre, float exponent, float* sums) {
  HWY_DYNAMIC_DISPATCH(add_power_distances)(x, count, centre, exponent, sums);
}

void power_column(const float* x, size_t count, float exponent, float factor, bool keep_sign, float* out) {
  HWY_DYNAMIC_DISPATCH(power_values)(x, count, exponent, factor, keep_sign, out);
}

bool standardise(float* x, size_t count) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Moments moments = column_moments(x, count);
  if (!std::isfinite(moments.mean) || !std::isfinite(moments.deviation)) return false;
  clamp_and_scale(x, count, -kInfinity, kInfinity, moments.mean, 1 / (moments.deviation + 1e-6f), kInfinity, x);
  return true;
}

}  // namespace manyshot::prior
#endif
