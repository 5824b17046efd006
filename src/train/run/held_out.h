// Held-out synthetic tasks at several numbers of labelled rows.
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

}  // namespace manyshot::train
