#include "evaluate/summary/class_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace manyshot {

void ClassScores::add(const PredictedBatch& batch) {
  if (batch.truth.empty()) return;
  auto method = std::ranges::find(methods_, batch.method, &ScoredMethod::name);
  if (method == methods_.end()) {
    const size_t num_classes = batch.probabilities.size() / batch.truth.size();
    const bool is_model = !batch.labels.empty();  // the first, though its labels may come last
    method =
        methods_.insert(is_model ? methods_.begin() : methods_.end(), {batch.method, MetricsAccumulator(num_classes)});
  }
  method->metrics.add(batch.probabilities, batch.truth);
}

std::string ClassScores::table() const {
  size_t width = 0;
  for (const ScoredMethod& method : methods_) width = std::max(width, method.name.size());
  std::string text = fmt::format("{:<{}}  accuracy  balanced accuracy  log loss    ECE", "", width);
  for (const ScoredMethod& method : methods_) {
    const Metrics metrics = method.metrics.result();
    text += fmt::format("\n{:<{}}  {:8.4f}  {:17.4f}  {:8.4f}  {:.4f}", method.name, width, metrics.accuracy,
                        metrics.balanced_accuracy, metrics.log_loss, metrics.ece);
  }
  return text;
}

std::string ClassScores::better_baseline() const {
  if (methods_.empty()) return "";
  const Metrics model = methods_.front().metrics.result();
  const double error = std::sqrt(model.accuracy * (1 - model.accuracy) / static_cast<double>(model.rows));
  for (const ScoredMethod& method : methods_) {
    const Metrics metrics = method.metrics.result();
    if (metrics.accuracy <= model.accuracy + 2 * error) continue;
    return fmt::format(
        "{} is more accurate than {} here ({:.4f} against {:.4f}), {}; --model {} predicts with it", method.name,
        methods_.front().name, metrics.accuracy, model.accuracy,
        metrics.log_loss < model.log_loss ? "and its log loss is lower" : "though its log loss is higher", method.name);
  }
  return "";
}

Json ClassScores::metrics() const {
  Json json = Json::object();
  for (const ScoredMethod& method : methods_) {
    const Metrics metrics = method.metrics.result();
    json[method.name] = {{"rows", metrics.rows},
                         {"accuracy", metrics.accuracy},
                         {"balanced_accuracy", metrics.balanced_accuracy},
                         {"log_loss", metrics.log_loss},
                         {"ece", metrics.ece}};
  }
  return json;
}

std::vector<std::pair<std::string, Metrics>> ClassScores::beside(const std::string& model) const {
  std::vector<std::pair<std::string, Metrics>> result;
  for (const ScoredMethod& method : methods_) {
    if (method.name != model) result.emplace_back(method.name, method.metrics.result());
  }
  return result;
}

std::optional<SelfEstimate> estimate_of_classes(const PredictReport& report) {
  return estimate_on_labelled_rows(report.honest, report.labels, report.classes.size());
}

Json to_json(const std::optional<SelfEstimate>& estimate) {
  if (!estimate) return nullptr;
  const auto with_interval = [](double value, const Interval& interval) {
    return Json{{"value", value}, {"low", interval.low}, {"high", interval.high}};
  };
  return {{"rows", estimate->rows},
          {"accuracy", with_interval(estimate->accuracy, estimate->accuracy_interval)},
          {"log_loss", with_interval(estimate->log_loss, estimate->log_loss_interval)},
          {"auc", with_interval(estimate->auc, estimate->auc_interval)},
          {"majority_accuracy", estimate->majority}};
}

}  // namespace manyshot
