// Single numbers of distributions: those that stand for a prediction, and quantiles.
#pragma once

#include <array>
#include <vector>

#include "core/names.h"
#include "predict/distribution.h"

namespace manyshot {

// The number of a distribution that is written as the prediction.
enum class Point { kMean, kMedian };
constexpr auto names_of(Point) {
  return std::to_array<Named<Point>>({{Point::kMean, "mean"}, {Point::kMedian, "median"}});
}

// The quantiles that are written of a predicted number, and their columns.
inline constexpr std::array kWrittenLevels{0.05, 0.25, 0.5, 0.75, 0.95};
inline constexpr std::array kLevelColumns{"p05", "p25", "p50", "p75", "p95"};
static_assert(kWrittenLevels.size() == kLevelColumns.size());

// [Q] Of each distribution.
std::vector<double> points_of(const Distributions& distributions, Point point);
std::vector<double> quantiles_of(const Distributions& distributions, double level);

}  // namespace manyshot
