// Loops over one column of values. Sums run over 64 interleaved partial sums in one fixed order, so the bits do not
// depend on the vector length.
#pragma once

#include <cstddef>
#include <cstdint>

namespace manyshot::prior {

struct Moments {
  float mean = 0;
  float deviation = 0;  // of a sample: divided by N - 1
};
// REQUIRES: count >= 2. Values that are not finite give moments that are not.
Moments column_moments(const float* x, size_t count);
// Of the values in [low, high] only; deviation 0 for fewer than two of them.
Moments moments_within(const float* x, size_t count, float low, float high);

struct Extremes {
  float low = 0;
  float high = 0;
};
// REQUIRES: count >= 1, no NaN.
Extremes column_extremes(const float* x, size_t count);

// out[i] = clamp((clamp(x[i], low, high) - mean) * factor, -limit, limit). out may be x.
void clamp_and_scale(const float* x, size_t count, float low, float high, float mean, float factor, float limit,
                     float* out);

// classes[i] = how many of the thresholds are strictly below x[i].
void count_below(const float* x, size_t count, const float* thresholds, size_t num_thresholds, int32_t* classes);

// y += factor * x
void add_scaled(const float* x, size_t count, float factor, float* y);

// sums[i] += |x[i] - centre|^exponent. REQUIRES: exponent > 0.
void add_power_distance(const float* x, size_t count, float centre, float exponent, float* sums);

// out[i] = factor * |x[i]|^exponent, with the sign of x[i] when keep_sign. out may be x. A value of 0 gives about
// e^(-87 exponent), at most e^88.
void power_column(const float* x, size_t count, float exponent, float factor, bool keep_sign, float* out);

// (x - mean) / (deviation + 1e-6) in place. False, and x as it was, when the moments are not finite.
bool standardise(float* x, size_t count);

}  // namespace manyshot::prior
