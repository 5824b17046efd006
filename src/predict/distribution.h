// What a query's number may be, as every method for numbers gives it (docs/adr/0021-numbers-to-predict.md): kNumSlices
// equally likely slices of the distribution, from low to high, each by the mean of its values. The mean of the slices
// is then the distribution's mean exactly; quantiles, CRPS and log score follow too, whatever the method works with.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace manyshot {

inline constexpr size_t kNumSlices = 100;

// [Q, kNumSlices], each row in increasing order.
struct Distributions {
  std::vector<double> values;

  size_t size() const { return values.size() / kNumSlices; }
  std::span<const double> at(size_t query) const { return {values.data() + query * kNumSlices, kNumSlices}; }
  std::span<double> at(size_t query) { return {values.data() + query * kNumSlices, kNumSlices}; }
};

// A value and what it weighs.
struct WeightedValue {
  double value = 0, weight = 0;
};

// The slices [kNumSlices] of a distribution that has no values but these. REQUIRES: by value; weights above 0, at least
// one.
void put_slices(std::span<const WeightedValue> values, std::span<double> slices);
// The same of values that weigh alike. REQUIRES: sorted, at least one.
std::vector<double> slices_of(std::span<const double> values);

// Of slices [kNumSlices]:
double mean_of(std::span<const double> slices);
// The value that a share `level` of the distribution lies below: a slice's mean stands at its middle, (i + 1/2) /
// kNumSlices; between them straight lines, and beyond the outer two the lines of the tails, which go on as far as half
// a slice.
double quantile_of(std::span<const double> slices, double level);
// Continuous ranked probability score of the slices as kNumSlices equally likely values, in the units of the target:
// mean |x_i - truth| - 1/2 mean |x_i - x_j| (Gneiting and Raftery 2007, "Strictly proper scoring rules", JASA 102, eq.
// 21). 0 is best.
double crps_of(std::span<const double> slices, double truth);
// Log of the density at `truth`, nats: flat between two slices' means, exponential in the tails with the mean distance
// of the outer tenth. Slices nearer to each other than `resolution` are as far apart as that, so that no density is
// infinite. REQUIRES: resolution > 0.
double log_density_of(std::span<const double> slices, double truth, double resolution);

// A thousandth of the deviation of `numbers`, those of the labelled rows: the resolution of log_density_of.
double resolution_of(std::span<const double> numbers);

}  // namespace manyshot
