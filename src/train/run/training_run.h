// A training run from its recipe to its last checkpoint.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/json.h"
#include "train/collective/collective.h"
#include "train/models/run_model.h"
#include "train/recipe.h"

namespace manyshot {

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

// Before the first step and after the last; empty objects where nothing was measured.
struct GeneralAbilityChange {
  Json before = Json::object(), after = Json::object();
};

struct RunReport {
  int64_t steps = 0, total_steps = 0;
  int processes = 1;
  double seconds = 0;
  double flops = 0;
  uint64_t tokens = 0, samples = 0;
  double loss = 0;                   // mean of the last steps
  double utilisation = 0;            // of this call's training time; 0: not known
  Json evaluation = Json::object();  // the last one
  GeneralAbilityChange ability;
  std::string checkpoint;       // the last one's folder
  std::string best_checkpoint;  // by recipe.checkpoint.best_metric; empty: none
};

// Trains until the recipe's last step; `model` is as opened, and holds the trained weights afterwards. Writes the run
// folder (docs/formats/checkpoints.md). Whatever ends it early (Ctrl-C, a process that died, a full disk, a loss that
// is no number), the checkpoints written before are whole; after Ctrl-C and a lost process one of the last finished
// step is added. Throws Error(kBadInput) when the folder holds another run, a checkpoint is of another recipe, or a
// loss is no number; Error(kOutOfMemory) before the first step when memory does not suffice; and what the parts throw.
RunReport train(const RunSetup& setup, RunModel& model, Collective& processes);

}  // namespace manyshot
