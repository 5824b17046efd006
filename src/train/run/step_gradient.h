// The gradient of one optimiser step: batches of this process added up, then summed over all processes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/rng.h"
#include "train/collective/collective.h"
#include "train/data/sample_buffer.h"
#include "train/plan/run_plan.h"
#include "train/trainable.h"

namespace manyshot::train {

struct StepGradient {
  LossSum loss;               // over all processes
  double norm = 0;            // of the mean gradient, before clipping
  uint64_t samples = 0;       // over all processes
  double sample_seconds = 0;  // that this process drew samples, or waited for them
};

class StepGradients {
 public:
  StepGradients(TrainableModel& network, Collective& processes) : network_(network), processes_(processes) {}

  // Leaves in the parameters' gradients the mean over the step's supervised positions, its norm cut to stage.clip.
  // `place` names the step for dropout and messages. Throws Error(kBadInput) naming batch and samples when a loss or
  // the gradient is no finite number, kInterrupted after Ctrl-C; nothing of the model has changed then.
  StepGradient compute(const StageRecipe& stage, const RunPlan& plan, RunPlan::Place place, const Rng& rng,
                       SampleBuffer& samples, WeightUpdates& updates);

 private:
  LossSum add_batch(const StageRecipe& stage, RunPlan::Place place, uint64_t batch_number, uint64_t seed,
                    std::span<const TrainSample> batch, WeightUpdates& updates);
  void sum_over_processes(LossSum& loss, WeightUpdates& updates);

  TrainableModel& network_;
  Collective& processes_;
};

}  // namespace manyshot::train
