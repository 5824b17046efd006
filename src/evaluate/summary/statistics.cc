#include "evaluate/summary/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/rng.h"

namespace manyshot {
namespace {

constexpr size_t kResamples = 2000;
constexpr double kNormal = 1.959963984540054;  // the 97.5 % quantile

// The 97.5 % quantile of Student's t. Above 30 degrees of freedom by its expansion (Abramowitz and Stegun 26.7.5).
double t_quantile(size_t degrees) {
  static constexpr std::array<double, 30> kQuantiles{12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060,
                                                     2.2622,  2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
                                                     2.1098,  2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639,
                                                     2.0595,  2.0555, 2.0518, 2.0484, 2.0452, 2.0423};
  if (degrees <= kQuantiles.size()) return kQuantiles[degrees - 1];
  const double z = kNormal, n = static_cast<double>(degrees);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

Interval around_mean(std::span<const double> values, double quantile) {
  const double mean = average_of(values), n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half = quantile * std::sqrt(squares / (n - 1) / n);
  return {mean - half, mean + half};
}

}  // namespace

double average_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Interval t_interval(std::span<const double> values) {
  return values.size() < 2 ? Interval{} : around_mean(values, t_quantile(values.size() - 1));
}

Interval normal_interval(std::span<const double> values) {
  return values.size() < 2 ? Interval{} : around_mean(values, kNormal);
}

const std::vector<uint32_t>& Bootstrap::draws(size_t count) {
  std::vector<uint32_t>& places = draws_[count];
  if (!places.empty()) return places;
  const Rng rng = Rng(0).child("bootstrap", count);
  places.resize(kResamples * count);
  for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<uint32_t>(rng.below(i, count));
  return places;
}

Interval Bootstrap::interval(std::span<const double> values) {
  if (values.size() < 2) return {};
  const std::vector<uint32_t>& places = draws(values.size());
  std::vector<double> means(kResamples);
  for (size_t resample = 0; resample < kResamples; ++resample) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) sum += values[places[resample * values.size() + i]];
    means[resample] = sum / static_cast<double>(values.size());
  }
  std::sort(means.begin(), means.end());
  return {means[kResamples / 40], means[kResamples - 1 - kResamples / 40]};
}

std::vector<double> ranks(std::span<const double> values, bool higher_is_better) {
  std::vector<double> result;
  for (const double value : values) {
    double better = 0, equal = 0;
    for (const double other : values) {
      better += higher_is_better ? other > value : other < value;
      equal += other == value;
    }
    result.push_back(better + (equal + 1) / 2);
  }
  return result;
}

}  // namespace manyshot
