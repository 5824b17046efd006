// A stage while it runs: its samples, its schedule, its updates of the weights.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/data/sample_buffer.h"
#include "train/models/run_model.h"
#include "train/optimizer/host_updates.h"
#include "train/plan/run_plan.h"
#include "train/run/stage_schedule.h"

namespace manyshot::train {

class ActiveStage {
 public:
  // Goes on at `first_step` of the stage. Throws what open_stream() throws.
  ActiveStage(const Recipe& recipe, const RunPlan& plan, size_t stage, int64_t first_step, RunModel& model);

  size_t number() const { return number_; }
  const StageRecipe& recipe() const { return recipe_; }
  SampleBuffer& samples() { return samples_; }
  WeightUpdates& updates() { return *updates_; }
  // "stage "main": 3,000 steps of 16 samples, tasks drawn on the fly …"
  std::string description(const RunPlan& plan) const;

  // Optimiser step `step` of the stage, with the gradients as they stand; returns the learning rate.
  double step(int64_t step);

  // Calls use() with the average of the weights in place of the masters, where the stage has one. The masters come back
  // also when it throws.
  template <class Use>
  void with_average(Use use) {
    updates_->swap_average();
    try {
      use();
    } catch (...) {
      updates_->swap_average();
      throw;
    }
    updates_->swap_average();
  }
  // The average becomes the masters: what the next stage, or the user, goes on with.
  void end() { updates_->swap_average(); }

 private:
  size_t number_;
  const StageRecipe& recipe_;
  std::unique_ptr<SampleStream> stream_;
  SampleBuffer samples_;
  Schedule schedule_;
  std::unique_ptr<WeightUpdates> updates_;
};

}  // namespace manyshot::train
