#include "predict/points.h"

namespace manyshot {

std::vector<double> points_of(const Distributions& distributions, Point point) {
  std::vector<double> points;
  for (size_t row = 0; row < distributions.size(); ++row) {
    const std::span<const double> slices = distributions.at(row);
    points.push_back(point == Point::kMean ? mean_of(slices) : quantile_of(slices, 0.5));
  }
  return points;
}

std::vector<double> quantiles_of(const Distributions& distributions, double level) {
  std::vector<double> quantiles;
  for (size_t row = 0; row < distributions.size(); ++row)
    quantiles.push_back(quantile_of(distributions.at(row), level));
  return quantiles;
}

}  // namespace manyshot
