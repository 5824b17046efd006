// Evaluation of a run's weights on the user's tables, by the evaluation that `manyshot evaluate` runs.
#pragma once

#include <functional>
#include <string>

#include "core/json.h"
#include "model/device/device.h"
#include "train/recipe.h"

namespace manyshot::train {

// A function for RunSetup::evaluate_tables; empty when the recipe names no tables. It gives table_accuracy,
// table_log_loss and table_ece as means over tables and shots, and table_accuracy_8, … for each number of shots; and
// the same of the forest and the majority (table_forest_accuracy, …), which a model is to beat.
// `is_adapter`: the folder holds an adapter of recipe.model.base.
std::function<Json(const std::string& folder)> make_table_evaluation(const Recipe& recipe, bool is_adapter,
                                                                     const std::string& version,
                                                                     const Device& device = {});

}  // namespace manyshot::train
