#include "encoding/relevance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace manyshot {
namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

size_t count_classes(std::span<const int32_t> labels) {
  return static_cast<size_t>(*std::max_element(labels.begin(), labels.end())) + 1;
}

// The share of the variance of `values` [N, width], each row in group[row], that lies between groups.
double between_share(std::span<const double> values, size_t width, std::span<const uint32_t> group, size_t num_groups) {
  const auto num_rows = static_cast<double>(group.size());
  std::vector<double> sums(num_groups * width), counts(num_groups), all(width);
  double squares = 0;
  for (size_t row = 0; row < group.size(); ++row) {
    ++counts[group[row]];
    for (size_t i = 0; i < width; ++i) {
      const double value = values[row * width + i];
      sums[group[row] * width + i] += value;
      all[i] += value;
      squares += value * value;
    }
  }
  double between = 0, centre = 0;
  for (const double sum : all) centre += sum * sum / num_rows;
  for (size_t g = 0; g < num_groups; ++g) {
    for (size_t i = 0; i < width; ++i) {
      if (counts[g] > 0) between += sums[g * width + i] * sums[g * width + i] / counts[g];
    }
  }
  const double total = squares - centre;
  return total > 0 ? (between - centre) / total : 0;
}

double beyond_chance(double share, size_t num_groups, size_t num_rows) {
  if (num_groups >= num_rows) return 0;
  const double chance = static_cast<double>(num_groups - 1) / static_cast<double>(num_rows - 1);
  return std::clamp((share - chance) / (1 - chance), 0.0, 1.0);
}

}  // namespace

double level_relevance(std::span<const uint32_t> level, size_t num_levels, std::span<const int32_t> labels) {
  const size_t num_classes = count_classes(labels);
  std::vector<double> is_class(labels.size() * num_classes);
  for (size_t row = 0; row < labels.size(); ++row) is_class[row * num_classes + static_cast<size_t>(labels[row])] = 1;
  return beyond_chance(between_share(is_class, num_classes, level, num_levels), num_levels, level.size());
}

double level_relevance(std::span<const uint32_t> level, size_t num_levels, std::span<const double> targets) {
  return beyond_chance(between_share(targets, 1, level, num_levels), num_levels, level.size());
}

double number_relevance(std::span<const double> values, std::span<const int32_t> labels) {
  const std::vector<uint32_t> group(labels.begin(), labels.end());
  return between_share(values, 1, group, count_classes(labels));
}

double number_relevance(std::span<const double> values, std::span<const double> targets) {
  const double mean_value = mean(values), mean_target = mean(targets);
  double products = 0, of_values = 0, of_targets = 0;
  for (size_t row = 0; row < values.size(); ++row) {
    products += (values[row] - mean_value) * (targets[row] - mean_target);
    of_values += std::pow(values[row] - mean_value, 2);
    of_targets += std::pow(targets[row] - mean_target, 2);
  }
  return of_values > 0 && of_targets > 0 ? products * products / (of_values * of_targets) : 0;
}

}  // namespace manyshot
