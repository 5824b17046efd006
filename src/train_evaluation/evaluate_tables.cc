#include "train_evaluation/evaluate_tables.h"

#include <cmath>

#include "core/log.h"
#include "evaluate/evaluation.h"

namespace manyshot::train {
namespace {

EvaluateOptions evaluate_options(const Recipe& recipe, const std::string& folder, bool is_adapter) {
  EvaluateOptions options;
  options.tables = recipe.evaluate.tables;
  options.shots.assign(recipe.evaluate.shots.begin(), recipe.evaluate.shots.end());
  options.protocol.target = recipe.evaluate.target;
  options.protocol.max_queries = static_cast<uint64_t>(recipe.evaluate.queries);
  options.protocol.kind = Protocol::kFixed;
  options.models = {is_adapter ? recipe.model.base : folder};
  if (is_adapter) options.method.adapter = folder;
  options.out = folder + "/evaluation";
  return options;
}

Json numbers_of(const Summary& summary) {
  Json numbers = Json::object();
  double accuracy = 0, log_loss = 0, ece = 0, count = 0;
  for (const AverageSummary& average : summary.averages) {
    const double shots_accuracy = average.metrics[Metric::kAccuracy].mean;
    if (!std::isfinite(shots_accuracy)) continue;
    numbers[fmt::format("table_accuracy_{}", average.shots)] = shots_accuracy;
    accuracy += shots_accuracy;
    log_loss += average.metrics[Metric::kLogLoss].mean;
    ece += average.metrics[Metric::kEce].mean;
    count += 1;
  }
  if (count == 0) return numbers;
  numbers["table_accuracy"] = accuracy / count;
  numbers["table_log_loss"] = log_loss / count;
  numbers["table_ece"] = ece / count;
  return numbers;
}

}  // namespace

std::function<Json(const std::string& folder)> make_table_evaluation(const Recipe& recipe, bool is_adapter,
                                                                     const std::string& version) {
  if (recipe.evaluate.tables.empty()) return {};
  return [recipe, is_adapter, version](const std::string& folder) {
    const log::Level level = log::level();
    log::set_level(log::Level::kWarning);  // the run has its own line
    try {
      Evaluation evaluation(evaluate_options(recipe, folder, is_adapter), version);
      evaluation.run();
      log::set_level(level);
      return numbers_of(evaluation.summarise());
    } catch (...) {
      log::set_level(level);
      throw;
    }
  };
}

}  // namespace manyshot::train
