// Everything that a run of the laboratory found; reports are made from nothing else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "lab/augment/augmentation_file.h"
#include "lab/cost/cost_model.h"
#include "lab/data/lab_data.h"
#include "lab/run/lab_run.h"
#include "lab/run/unit.h"
#include "lab/score/accuracy.h"

namespace manyshot::lab {

// One condition on one data set, over the seeds that have a result.
struct ConditionSummary {
  Condition condition;
  std::string name;
  std::vector<UnitResult> units;
  std::vector<std::vector<QuestionScores>> scores;  // [units][questions]
  std::vector<SplitAccuracy> splits;                // in the order of the data's splits

  const SplitAccuracy* split(const std::string& name) const;
};

// The mean of value(unit) over the condition's units; 0 without a condition.
double mean_over(const ConditionSummary* condition, const auto& value) {
  if (condition == nullptr || condition->units.empty()) return 0;
  double sum = 0;
  for (const UnitResult& unit : condition->units) sum += value(unit);
  return sum / static_cast<double>(condition->units.size());
}

struct TaskSummary {
  std::string name, kind;
  const LabData* data = nullptr;
  std::vector<std::string> splits;
  std::vector<ConditionSummary> conditions;  // those with a result
  std::optional<AugmentedData> augmented;
  CostTable flops, seconds;
  std::vector<std::string> warnings;  // comparisons that are not equal, and controls that failed

  const ConditionSummary* condition(ConditionKind wanted) const;  // the first of that kind
};

struct LabSummary {
  std::string version, model;
  Json options;
  std::vector<TaskSummary> tasks;
  uint64_t units = 0, finished = 0;
};

// `run` must outlive the summary.
LabSummary summarise(const LabRun& run);

Json to_json(const LabSummary& summary);

}  // namespace manyshot::lab
