// What a training run is asked to do, and by whom its weights are judged.
#pragma once

#include <functional>
#include <string>

#include "core/json.h"
#include "train/recipe.h"

namespace manyshot::train {

struct RunSetup {
  Recipe recipe;
  std::string out;         // the run's folder
  std::string resume;      // a checkpoint folder to go on from; empty: from the start
  std::string version;     // of the program
  double matrix_rate = 0;  // floating-point operations a second, for the utilisation; 0: not known
  // Numbers of a checkpoint's weights on the user's tables ("table_accuracy", …); may be empty. Called in the first
  // process with a folder that write_weights() filled.
  std::function<Json(const std::string& folder)> evaluate_tables;
  // What training may cost elsewhere: numbers of a checkpoint's weights on general questions and text
  // ("knowledge_accuracy", "perplexity", …); may be empty. Called as evaluate_tables, before the first step and after
  // the last.
  std::function<Json(const std::string& folder)> measure_ability;
};

}  // namespace manyshot::train
