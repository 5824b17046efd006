#include "predict/distribution.h"

#include <algorithm>
#include <cmath>

namespace manyshot {
namespace {

constexpr auto kSlices = static_cast<double>(kNumSlices);
constexpr size_t kTail = kNumSlices / 10;  // slices that a tail's width is read from

// Log density beyond the outer slice's mean, which half a slice lies beyond; `distance` from it.
double log_tail_density(double distance, double scale) { return std::log(0.5 / (kSlices * scale)) - distance / scale; }

}  // namespace

void put_slices(std::span<const WeightedValue> values, std::span<double> slices) {
  double total = 0;
  for (const WeightedValue& each : values) total += each.weight;
  const double share = total / static_cast<double>(slices.size());  // what a slice weighs
  size_t at = 0;
  double left = values.front().weight;  // of the value at hand
  for (double& slice : slices) {
    double room = share, sum = 0;
    while (room > left && at + 1 < values.size()) {
      sum += left * values[at].value;
      room -= left;
      left = values[++at].weight;
    }
    sum += room * values[at].value;
    left -= room;
    // Rounding must not carry a slice past the values that are in it.
    slice = std::clamp(sum / share, values.front().value, values[at].value);
  }
  for (size_t i = 1; i < slices.size(); ++i) slices[i] = std::max(slices[i], slices[i - 1]);
}

std::vector<double> slices_of(std::span<const double> values) {
  std::vector<WeightedValue> weighted;
  for (const double value : values) weighted.push_back({value, 1});
  std::vector<double> slices(kNumSlices);
  put_slices(weighted, slices);
  return slices;
}

double mean_of(std::span<const double> slices) {
  double sum = 0;
  for (const double slice : slices) sum += slice;
  return sum / kSlices;
}

double quantile_of(std::span<const double> slices, double level) {
  const double place = std::clamp(level * kSlices, 0.0, kSlices) - 0.5;
  const auto below = static_cast<size_t>(std::clamp(std::floor(place), 0.0, kSlices - 2));
  const double part = place - static_cast<double>(below);
  return slices[below] + part * (slices[below + 1] - slices[below]);
}

double crps_of(std::span<const double> slices, double truth) {
  double distance = 0, spread = 0;
  for (size_t i = 0; i < slices.size(); ++i) {
    distance += std::abs(slices[i] - truth);
    // sum over j of |x_i - x_j|, each pair once
    spread += slices[i] * (2 * static_cast<double>(i) + 1 - kSlices);
  }
  return std::max(0.0, distance / kSlices - spread / (kSlices * kSlices));
}

double log_density_of(std::span<const double> slices, double truth, double resolution) {
  const size_t last = slices.size() - 1;
  if (truth < slices.front()) {
    const double scale = std::max((slices[kTail] - slices.front()) / kTail, resolution);
    return log_tail_density(slices.front() - truth, scale);
  }
  if (truth >= slices.back()) {
    const double scale = std::max((slices.back() - slices[last - kTail]) / kTail, resolution);
    return log_tail_density(truth - slices.back(), scale);
  }
  const auto above = std::ranges::upper_bound(slices, truth);
  return -std::log(kSlices * std::max(*above - *(above - 1), resolution));
}

double resolution_of(std::span<const double> numbers) {
  constexpr double kOfDeviation = 1e-3;
  const auto count = static_cast<double>(numbers.size());
  double mean = 0, squares = 0;
  for (const double number : numbers) mean += number / count;
  for (const double number : numbers) squares += (number - mean) * (number - mean) / count;
  return kOfDeviation * std::sqrt(squares);
}

}  // namespace manyshot
