#include "evaluate/summary/number_metrics.h"

#include <algorithm>
#include <cmath>

#include "predict/points.h"

namespace manyshot {

void NumberMetricsAccumulator::add(const Distributions& distributions, std::span<const double> points,
                                   std::span<const double> truth) {
  for (size_t row = 0; row < truth.size(); ++row) {
    if (std::isnan(truth[row])) continue;
    const std::span<const double> slices = distributions.at(row);
    const double error = truth[row] - points[row];
    ++rows_;
    squares_ += error * error;
    distances_ += std::abs(error);
    crps_ += crps_of(slices, truth[row]);
    std::array<double, kWrittenLevels.size()> quantiles{};
    for (size_t i = 0; i < quantiles.size(); ++i) {
      const double level = kWrittenLevels[i];
      quantiles[i] = quantile_of(slices, level);
      const double distance = truth[row] - quantiles[i];
      pinball_ += std::max(level * distance, (level - 1) * distance) / static_cast<double>(quantiles.size());
    }
    inside_90_ += quantiles[0] <= truth[row] && truth[row] <= quantiles[4];
    inside_50_ += quantiles[1] <= truth[row] && truth[row] <= quantiles[3];
    if (resolution_ > 0) log_score_ += log_density_of(slices, truth[row], resolution_);
    const auto bin = static_cast<size_t>(share_below(slices, truth[row]) * static_cast<double>(kShares));
    ++shares_[std::min(bin, kShares - 1)];
    const double from_mean = truth[row] - truth_mean_;
    truth_mean_ += from_mean / static_cast<double>(rows_);
    truth_squares_ += from_mean * (truth[row] - truth_mean_);
  }
}

NumberMetrics NumberMetricsAccumulator::result() const {
  NumberMetrics metrics{.rows = rows_};
  if (rows_ == 0) return metrics;
  const auto rows = static_cast<double>(rows_);
  metrics.rmse = std::sqrt(squares_ / rows);
  metrics.mae = distances_ / rows;
  if (truth_squares_ > 0) metrics.r2 = 1 - squares_ / truth_squares_;
  metrics.crps = crps_ / rows;
  metrics.pinball = pinball_ / rows;
  metrics.coverage_90 = static_cast<double>(inside_90_) / rows;
  metrics.coverage_50 = static_cast<double>(inside_50_) / rows;
  metrics.log_score = resolution_ > 0 ? log_score_ / rows : std::numeric_limits<double>::quiet_NaN();
  return metrics;
}

double share_below(std::span<const double> slices, double value) {
  const auto [low, high] = std::ranges::equal_range(slices, value);
  // Half of the slices that are the value itself count as below it.
  const double below = static_cast<double>(low - slices.begin()), equal = static_cast<double>(high - low);
  double share = below + equal / 2;
  if (equal == 0 && low != slices.begin() && low != slices.end())
    share += (value - *(low - 1)) / (*low - *(low - 1)) - 0.5;
  return share / static_cast<double>(slices.size());
}

}  // namespace manyshot
