#include "encoding/parts/held_out.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoding/rank_scale.h"

namespace manyshot {
namespace {

constexpr size_t kMostClasses = 10;
constexpr size_t kLeastRowsOfClass = 8;

std::vector<size_t> order_by(size_t count, const auto& key) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, key);
  return order;
}

}  // namespace

std::vector<size_t> scored_classes(std::span<const int32_t> labels, size_t num_classes) {
  std::vector<size_t> counts(num_classes);
  for (const int32_t label : labels) ++counts[static_cast<size_t>(label)];
  if (num_classes == 2) {
    if (std::min(counts[0], counts[1]) < kLeastRowsOfClass) return {};
    return {1};
  }
  std::vector<size_t> classes = order_by(num_classes, [&](size_t k) { return -static_cast<int64_t>(counts[k]); });
  std::erase_if(classes, [&](size_t k) { return counts[k] < kLeastRowsOfClass; });
  classes.resize(std::min(classes.size(), kMostClasses));
  std::ranges::sort(classes);
  return classes;
}

ScoredTargets targets_of_classes(std::span<const int32_t> labels, size_t num_classes) {
  const std::vector<size_t> classes = scored_classes(labels, num_classes);
  ScoredTargets targets{.width = classes.size(), .values = {}, .strata = {}};
  for (const int32_t label : labels) {
    for (const size_t k : classes) targets.values.push_back(static_cast<size_t>(label) == k ? 1 : 0);
  }
  targets.strata = order_by(labels.size(), [&](size_t row) { return labels[row]; });
  return targets;
}

ScoredTargets targets_of_numbers(std::span<const double> numbers) {
  ScoredTargets targets;
  const RankScale scale = RankScale::fit(numbers);
  for (const double number : numbers) targets.values.push_back(scale.score(number));
  targets.strata = order_by(numbers.size(), [&](size_t row) { return numbers[row]; });
  return targets;
}

Gain gain_of(const std::vector<double>& held_out, const std::vector<double>& values, size_t width,
             std::span<const size_t> places) {
  const size_t num_rows = values.size() / width;
  double all = 0, sum = 0, squares = 0;
  for (size_t row = 0; row < num_rows; ++row) {
    double before = 0, after = 0;
    for (const size_t place : places) {
      const size_t i = row * width + place;
      before += values[i] * values[i];
      after += (values[i] - held_out[i]) * (values[i] - held_out[i]);
    }
    all += before;
    sum += before - after;
    squares += (before - after) * (before - after);
  }
  const auto count = static_cast<double>(num_rows);
  const double variance = squares / count - (sum / count) * (sum / count);
  if (!(all > 0) || !(variance > 0)) return {};
  return {.explained = sum / all, .errors = sum / count / std::sqrt(variance / count)};
}

}  // namespace manyshot
