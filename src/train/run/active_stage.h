// A stage while it runs: its samples, its optimiser, its average of the weights.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/data/sample_buffer.h"
#include "train/models/run_model.h"
#include "train/optimizer/optimizer.h"
#include "train/plan/run_plan.h"
#include "train/run/stage_schedule.h"
#include "train/run/weight_average.h"

namespace manyshot::train {

class ActiveStage {
 public:
  // Goes on at `first_step` of the stage. Throws what open_stream() throws.
  ActiveStage(const Recipe& recipe, const RunPlan& plan, size_t stage, int64_t first_step, RunModel& model);

  size_t number() const { return number_; }
  const StageRecipe& recipe() const { return recipe_; }
  SampleBuffer& samples() { return samples_; }
  Optimizer& optimizer() { return *optimizer_; }
  // "stage "main": 3,000 steps of 16 samples, tasks drawn on the fly …"
  std::string description(const RunPlan& plan) const;

  // Optimiser step `step` of the stage, with the gradients as they stand; returns the learning rate.
  double step(int64_t step);
  // Masters, moments and averages: all that a checkpoint needs.
  std::vector<StateTensor> state();

  // Calls use() with the average of the weights in place of the masters, where the stage has one. The masters come back
  // also when it throws.
  template <class Use>
  void with_average(Use use) {
    swap_average();
    try {
      use();
    } catch (...) {
      swap_average();
      throw;
    }
    swap_average();
  }
  // The average becomes the masters: what the next stage, or the user, goes on with.
  void end() { swap_average(); }

 private:
  void swap_average();

  size_t number_;
  const StageRecipe& recipe_;
  RunModel& model_;
  std::unique_ptr<SampleStream> stream_;
  SampleBuffer samples_;
  Schedule schedule_;
  std::unique_ptr<Optimizer> optimizer_;
  WeightAverage average_;
};

}  // namespace manyshot::train
