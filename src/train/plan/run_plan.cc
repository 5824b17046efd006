#include "train/plan/run_plan.h"

#include <algorithm>

namespace manyshot::train {

RunPlan::RunPlan(const Recipe& recipe, int rank, int world_size)
    : stages_(recipe.stages),
      first_step_{0},
      rank_(static_cast<uint64_t>(rank)),
      world_size_(static_cast<uint64_t>(world_size)) {
  for (const StageRecipe& stage : stages_) first_step_.push_back(first_step_.back() + stage.num_steps(world_size));
}

RunPlan::Place RunPlan::place(int64_t steps_done) const {
  const auto after = std::upper_bound(first_step_.begin(), first_step_.end(), steps_done);
  const auto stage = static_cast<size_t>(after - first_step_.begin()) - 1;
  return {stage, steps_done - first_step_[stage]};
}

uint64_t RunPlan::own_step_samples(size_t stage) const {
  return static_cast<uint64_t>(stages_[stage].batch) * static_cast<uint64_t>(stages_[stage].accumulation);
}

uint64_t RunPlan::step_samples(size_t stage) const { return own_step_samples(stage) * world_size_; }

uint64_t RunPlan::position(size_t stage, uint64_t number) const {
  const auto batch_size = static_cast<uint64_t>(stages_[stage].batch);
  const uint64_t step = number / own_step_samples(stage), in_step = number % own_step_samples(stage);
  return step * step_samples(stage) + batch_number(in_step / batch_size) * batch_size + in_step % batch_size;
}

}  // namespace manyshot::train
