#include "evaluate/summary/number_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"

namespace manyshot {
namespace {

constexpr size_t kPreviewRows = 8;

// Four significant digits, large numbers whole.
std::string short_number(double value) {
  return std::abs(value) >= 1000 && std::abs(value) < 1e9 ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

}  // namespace

void NumberScores::add(const PredictedNumbers& batch) {
  for (size_t row = 0; batch.is_chosen && row < batch.rows.size() && preview_.size() < kPreviewRows; ++row) {
    preview_.push_back({.row = batch.rows[row],
                        .point = batch.points[row],
                        .low = quantile_of(batch.distributions.at(row), kWrittenLevels.front()),
                        .high = quantile_of(batch.distributions.at(row), kWrittenLevels.back()),
                        .truth = batch.truth.empty() ? std::nullopt : std::optional(batch.truth[row])});
  }
  if (batch.truth.empty()) return;
  auto method = std::ranges::find_if(methods_, [&](const ScoredMethod& known) {
    return known.name == batch.method && known.is_chosen == batch.is_chosen;
  });
  if (method == methods_.end()) {
    methods_.push_back({batch.method, NumberMetricsAccumulator(batch.resolution), batch.is_chosen});
    method = methods_.end() - 1;
  }
  method->metrics.add(batch.distributions, batch.points, batch.truth);
}

std::string NumberScores::table() const {
  size_t width = 0;
  for (const ScoredMethod& method : methods_) width = std::max(width, method.name.size());
  std::string text = fmt::format("{:<{}}  {:>10}  {:>10}  {:>7}  {:>10}  {:>10}  90 % holds  50 % holds", "", width,
                                 "RMSE", "MAE", "R2", "CRPS", "pinball");
  for (const ScoredMethod& method : methods_) {
    const NumberMetrics metrics = method.metrics.result();
    text += fmt::format("\n{:<{}}  {:>10}  {:>10}  {:7.4f}  {:>10}  {:>10}  {:10.3f}  {:10.3f}", method.name, width,
                        short_number(metrics.rmse), short_number(metrics.mae), metrics.r2, short_number(metrics.crps),
                        short_number(metrics.pinball), metrics.coverage_90, metrics.coverage_50);
  }
  return text;
}

std::string NumberScores::better_baseline() const {
  constexpr double kClearly = 0.95;    // of the model's CRPS
  constexpr uint64_t kLeastRows = 50;  // fewer say little
  if (methods_.empty()) return "";
  const NumberMetrics model = methods_.front().metrics.result();
  if (model.rows < kLeastRows) return "";
  const auto best =
      std::ranges::min_element(methods_, {}, [](const ScoredMethod& method) { return method.metrics.result().crps; });
  const NumberMetrics metrics = best->metrics.result();
  if (!(metrics.crps < kClearly * model.crps)) return "";
  return fmt::format("{} is nearer than {} here (CRPS {} against {}); --model {} predicts with it", best->name,
                     methods_.front().name, short_number(metrics.crps), short_number(model.crps), best->name);
}

Json NumberScores::metrics() const {
  Json json = Json::object();
  for (const ScoredMethod& method : methods_) {
    const NumberMetrics metrics = method.metrics.result();
    json[method.name] = {{"rows", metrics.rows},
                         {"rmse", metrics.rmse},
                         {"mae", metrics.mae},
                         {"r2", metrics.r2},
                         {"crps", metrics.crps},
                         {"pinball", metrics.pinball},
                         {"coverage_90", metrics.coverage_90},
                         {"coverage_50", metrics.coverage_50},
                         {"log_score", metrics.log_score}};
  }
  return json;
}

std::vector<std::pair<std::string, NumberMetrics>> NumberScores::beside() const {
  std::vector<std::pair<std::string, NumberMetrics>> result;
  for (const ScoredMethod& method : methods_) {
    if (!method.is_chosen) result.emplace_back(method.name, method.metrics.result());
  }
  return result;
}

std::string NumberScores::preview() const {
  const bool has_truth = preview_.front().truth.has_value();
  std::string text = fmt::format("{:>5}  {:>12}  {:>12}  {:>12}{}", "row", "prediction", "p05", "p95",
                                 has_truth ? "  in the test file" : "");
  for (const Row& row : preview_) {
    text += fmt::format("\n{:>5}  {:>12}  {:>12}  {:>12}", row.row, short_number(row.point), short_number(row.low),
                        short_number(row.high));
    if (has_truth && !std::isnan(*row.truth)) text += fmt::format("  {:>16}", short_number(*row.truth));
  }
  return text;
}

std::optional<NumberEstimate> estimate_of_numbers(const PredictReport& report) {
  double mean = 0, rows = 0;
  for (size_t row = 0; row < report.honest_means.size(); ++row) {
    if (std::isnan(report.honest_means[row])) continue;
    ++rows;
    mean += (report.numbers[row] - mean) / rows;
  }
  if (rows == 0) return std::nullopt;
  double squares = 0, distances = 0, of_mean = 0;
  for (size_t row = 0; row < report.honest_means.size(); ++row) {
    const double error = report.numbers[row] - report.honest_means[row], from_mean = report.numbers[row] - mean;
    if (std::isnan(error)) continue;
    squares += error * error;
    distances += std::abs(error);
    of_mean += from_mean * from_mean;
  }
  return NumberEstimate{.rows = static_cast<uint64_t>(rows),
                        .rmse = std::sqrt(squares / rows),
                        .mae = distances / rows,
                        .r2 = 1 - squares / of_mean};
}

std::string describe(const NumberEstimate& estimate) {
  std::string text = fmt::format(
      "expected on new rows, estimated on {} labelled rows whose own number was hidden: RMSE {}, MAE {}, R2 {:.3f}",
      with_thousands(estimate.rows), short_number(estimate.rmse), short_number(estimate.mae), estimate.r2);
  if (!(estimate.r2 > 0))
    text += "; that is no better than always saying their mean: more labelled rows, or other columns, are needed";
  return text;
}

Json to_json(const std::optional<NumberEstimate>& estimate) {
  if (!estimate) return nullptr;
  return {{"rows", estimate->rows}, {"rmse", estimate->rmse}, {"mae", estimate->mae}, {"r2", estimate->r2}};
}

}  // namespace manyshot
