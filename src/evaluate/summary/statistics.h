// Means, intervals and ranks of metrics over seeds and tables. Callers leave NaN values out.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "evaluate/summary/summary.h"

namespace manyshot {

double average_of(std::span<const double> values);  // NaN without values

// 95 % of the mean by Student's t; NaN with fewer than two values.
Interval t_interval(std::span<const double> values);
// 95 % of the mean by its normal approximation, for many values; NaN with fewer than two.
Interval normal_interval(std::span<const double> values);

// 95 % percentile intervals of the mean under resampling (Efron 1979, "Bootstrap methods", Annals of Statistics 7).
// Resamples depend on the number of values only, so equal tables are drawn for every model and metric.
class Bootstrap {
 public:
  Interval interval(std::span<const double> values);  // NaN with fewer than two values

 private:
  const std::vector<uint32_t>& draws(size_t count);  // [kResamples, count] places
  std::map<size_t, std::vector<uint32_t>> draws_;
};

// The rank of each value, 1 for the best; equal values share the mean of their ranks.
std::vector<double> ranks(std::span<const double> values, bool higher_is_better);

}  // namespace manyshot
