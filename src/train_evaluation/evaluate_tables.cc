#include "train_evaluation/evaluate_tables.h"

#include <cmath>

#include "core/log.h"
#include "evaluate/evaluation.h"

namespace manyshot::train {
namespace {

EvaluateOptions evaluate_options(const Recipe& recipe, const std::string& folder, bool is_adapter, const Device& device,
                                 bool with_baselines) {
  EvaluateOptions options;
  options.tables = recipe.evaluate.tables;
  options.shots.assign(recipe.evaluate.shots.begin(), recipe.evaluate.shots.end());
  options.protocol.target = recipe.evaluate.target;
  options.protocol.max_queries = static_cast<uint64_t>(recipe.evaluate.queries);
  options.protocol.kind = Protocol::kFixed;
  options.models = {is_adapter ? recipe.model.base : folder};
  if (with_baselines) options.models.insert(options.models.end(), {"forest", "majority"});
  if (is_adapter) options.method.adapter = folder;
  options.method.device = device;
  options.out = folder + "/evaluation";
  return options;
}

// Of the model at that place, by names that begin with `prefix`.
Json numbers_of(const Summary& summary, size_t model, const std::string& prefix) {
  Json numbers = Json::object();
  double accuracy = 0, log_loss = 0, ece = 0, count = 0;
  for (const AverageSummary& average : summary.averages) {
    const double shots_accuracy = average.metrics[Metric::kAccuracy].mean;
    if (average.model != model || !std::isfinite(shots_accuracy)) continue;
    numbers[fmt::format("{}_accuracy_{}", prefix, average.shots)] = shots_accuracy;
    accuracy += shots_accuracy;
    log_loss += average.metrics[Metric::kLogLoss].mean;
    ece += average.metrics[Metric::kEce].mean;
    count += 1;
  }
  if (count == 0) return numbers;
  numbers[prefix + "_accuracy"] = accuracy / count;
  numbers[prefix + "_log_loss"] = log_loss / count;
  numbers[prefix + "_ece"] = ece / count;
  return numbers;
}

}  // namespace

std::function<Json(const std::string& folder)> make_table_evaluation(const Recipe& recipe, bool is_adapter,
                                                                     const std::string& version, const Device& device) {
  if (recipe.evaluate.tables.empty()) return {};
  // The baselines' numbers, which do not change: of the first call.
  return [recipe, is_adapter, version, device, baselines = Json()](const std::string& folder) mutable {
    const log::Level level = log::level();
    log::set_level(log::Level::kWarning);  // the run has its own line
    try {
      Evaluation evaluation(evaluate_options(recipe, folder, is_adapter, device, baselines.is_null()), version);
      evaluation.run();
      log::set_level(level);
      const Summary summary = evaluation.summarise();
      if (baselines.is_null()) {
        baselines = numbers_of(summary, 1, "table_forest");
        baselines.update(numbers_of(summary, 2, "table_majority"));
      }
      Json numbers = numbers_of(summary, 0, "table");
      numbers.update(baselines);
      return numbers;
    } catch (...) {
      log::set_level(level);
      throw;
    }
  };
}

}  // namespace manyshot::train
