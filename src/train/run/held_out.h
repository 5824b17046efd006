// What no step trains on: synthetic tasks at several numbers of labelled rows, and a stage's validation split.
#pragma once

#include <map>
#include <vector>

#include "core/json.h"
#include "train/collective/collective.h"
#include "train/data/sample_stream.h"
#include "train/models/run_model.h"

namespace manyshot::train {

class HeldOutTasks {
 public:
  // recipe.evaluate.tasks tasks for each of recipe.evaluate.shots, of the last stage's corpus and of a seed that no
  // stage has. The loss looks at the labels of the queries alone.
  HeldOutTasks(const Recipe& recipe, RunModel& model);

  // {"eval_loss", "eval_accuracy": means over the shots, "eval_loss_8", "eval_accuracy_8", …}; empty without tasks.
  // Each process does its share.
  Json evaluate(RunModel& model, Collective& processes) const;

 private:
  std::map<int, std::vector<TrainSample>> samples_;  // by shots
};

// The data that recipe.validation_stage() holds out.
class ValidationSamples {
 public:
  // All samples that fit the stage's length; of tables evaluate.tasks tasks, at the stage's last corpus. None when no
  // stage holds data out. Throws what open_stream() throws.
  ValidationSamples(const Recipe& recipe, RunModel& model);

  // {"validation_loss", "validation_accuracy": over all supervised positions}; empty without samples.
  Json evaluate(RunModel& model, Collective& processes) const;

 private:
  size_t batch_ = 1;
  std::vector<TrainSample> samples_;
};

}  // namespace manyshot::train
