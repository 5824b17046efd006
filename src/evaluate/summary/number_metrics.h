// Metrics of predicted numbers over batches of distributions.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "predict/distribution.h"

namespace manyshot {

// In the units of the target, but for r2, the coverages and the log score.
struct NumberMetrics {
  uint64_t rows = 0;                                     // scored rows
  double rmse = 0, mae = 0;                              // of the points that were predicted
  double r2 = std::numeric_limits<double>::quiet_NaN();  // 1 - squared errors / those of the mean of the truth
  double crps = 0;                                       // crps_of, mean over the rows
  double pinball = 0;  // mean of max(q e, (q - 1) e) with e = truth - quantile over rows and kWrittenLevels q
  double coverage_90 = 0, coverage_50 = 0;  // share of rows within the quantiles .05 to .95, and .25 to .75
  double log_score = 0;                     // mean of log_density_of, nats; higher is better
};

class NumberMetricsAccumulator {
 public:
  // `resolution`: resolution_of the labelled rows' numbers; 0, where they do not differ: there is no log score.
  explicit NumberMetricsAccumulator(double resolution) : resolution_(resolution) {}
  // points [Q]; truth [Q], of which NaN is not scored.
  void add(const Distributions& distributions, std::span<const double> points, std::span<const double> truth);
  NumberMetrics result() const;

  // Rows by the share of their distribution that lies below the truth, in kShares equal steps: as many in each where
  // distributions are right.
  static constexpr size_t kShares = 20;
  const std::array<uint64_t, kShares>& shares() const { return shares_; }

 private:
  double resolution_;
  uint64_t rows_ = 0, inside_90_ = 0, inside_50_ = 0;
  double squares_ = 0, distances_ = 0, crps_ = 0, pinball_ = 0, log_score_ = 0;
  double truth_mean_ = 0, truth_squares_ = 0;  // about the mean (Welford 1962)
  std::array<uint64_t, kShares> shares_{};
};

// The share of a distribution that lies below `value`, between 0 and 1.
double share_below(std::span<const double> slices, double value);

}  // namespace manyshot
