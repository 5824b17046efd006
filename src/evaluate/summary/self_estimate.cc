#include "evaluate/summary/self_estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/text.h"
#include "evaluate/summary/metrics.h"
#include "evaluate/summary/statistics.h"

namespace manyshot {
namespace {

constexpr double kQuantile = 1.959963984540054;  // 97.5 % of the normal distribution

Interval wilson_interval(double share, double count) {
  const double z = kQuantile, spread = z * z / count;
  const double centre = (share + spread / 2) / (1 + spread);
  const double half = z * std::sqrt(share * (1 - share) / count + spread / (4 * count)) / (1 + spread);
  return {.low = std::max(0.0, centre - half), .high = std::min(1.0, centre + half)};
}

// Standard error of an area under the curve of so many positive and negative rows.
double area_error(double area, double positives, double negatives) {
  const double q1 = area / (2 - area), q2 = 2 * area * area / (1 + area);
  const double variance =
      area * (1 - area) + (positives - 1) * (q1 - area * area) + (negatives - 1) * (q2 - area * area);
  return std::sqrt(std::max(0.0, variance) / (positives * negatives));
}

Interval area_interval(double area, const std::vector<double>& counts, double rows) {
  double error = 0, classes = 0;
  for (const double count : counts) {
    if (count == 0 || count == rows) continue;
    error += area_error(area, count, rows - count);
    ++classes;
  }
  error /= classes;
  return {.low = std::max(0.0, area - kQuantile * error), .high = std::min(1.0, area + kQuantile * error)};
}

std::string with_interval(double value, const Interval& interval) {
  return fmt::format("{:.3f} ({:.3f} to {:.3f})", value, interval.low, interval.high);
}

}  // namespace

std::optional<SelfEstimate> estimate_on_labelled_rows(std::span<const double> honest, std::span<const int32_t> labels,
                                                      size_t num_classes) {
  if (honest.empty()) return std::nullopt;
  std::vector<double> losses, counts(num_classes);
  std::vector<int32_t> truth(labels.begin(), labels.end());  // -1, not scored, where there is no prediction
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto p = honest.subspan(row * num_classes, num_classes);
    if (std::isnan(p.front())) {
      truth[row] = -1;
      continue;
    }
    ++counts[static_cast<size_t>(labels[row])];
    losses.push_back(log_loss_of_row(p, labels[row]));
  }
  if (losses.empty()) return std::nullopt;
  const auto rows = static_cast<double>(losses.size());
  const Metrics metrics = score_predictions(honest, truth, num_classes);
  return SelfEstimate{.rows = losses.size(),
                      .accuracy = metrics.accuracy,
                      .log_loss = metrics.log_loss,
                      .auc = metrics.auc,
                      .majority = *std::ranges::max_element(counts) / rows,
                      .accuracy_interval = wilson_interval(metrics.accuracy, rows),
                      .log_loss_interval = normal_interval(losses),
                      .auc_interval = area_interval(metrics.auc, counts, rows)};
}

std::string describe(const SelfEstimate& estimate) {
  std::string text = fmt::format(
      "expected on new rows, estimated on {} labelled rows whose own label was hidden: accuracy {}, log loss {}",
      with_thousands(estimate.rows), with_interval(estimate.accuracy, estimate.accuracy_interval),
      with_interval(estimate.log_loss, estimate.log_loss_interval));
  if (!std::isnan(estimate.auc)) text += ", AUC " + with_interval(estimate.auc, estimate.auc_interval);
  if (!estimate.is_above_majority()) {
    text += fmt::format(
        "; that is no better than always saying the most frequent class ({:.3f}) as far as these rows can tell: more "
        "labelled rows, or other columns, are needed",
        estimate.majority);
  }
  return text;
}

}  // namespace manyshot
