#include "train/run/active_stage.h"

#include <fmt/format.h>

#include "core/text.h"
#include "train/plan/stage_stream.h"

namespace manyshot::train {

ActiveStage::ActiveStage(const Recipe& recipe, const RunPlan& plan, size_t stage, int64_t first_step, RunModel& model)
    : number_(stage),
      recipe_(recipe.stages[stage]),
      model_(model),
      stream_(open_stream(recipe_, stream_context(recipe, plan, stage, model))),
      samples_(
          *stream_, [&plan, stage](uint64_t number) { return plan.position(stage, number); },
          static_cast<uint64_t>(first_step) * plan.own_step_samples(stage),
          static_cast<uint64_t>(plan.stage_steps(stage)) * plan.own_step_samples(stage)),
      schedule_(stage_schedule(recipe_, plan.stage_steps(stage))),
      optimizer_(make_optimizer(recipe_.optimizer, model.network().parameters())),
      average_(model.network().parameters(), recipe_.ema) {}

std::string ActiveStage::description(const RunPlan& plan) const {
  return fmt::format("stage \"{}\": {} steps of {} samples, {}", recipe_.name,
                     with_thousands(plan.stage_steps(number_)), plan.step_samples(number_), stream_->description());
}

double ActiveStage::step(int64_t step) {
  const double factor = schedule_.factor(step);
  optimizer_->step(factor);
  average_.update(model_.network().parameters(), step);
  model_.network().parameters_changed();
  return factor * recipe_.optimizer.learning_rate;
}

std::vector<StateTensor> ActiveStage::state() {
  const std::span<Parameter> parameters = model_.network().parameters();
  std::vector<StateTensor> tensors;
  for (const Parameter& parameter : parameters) tensors.push_back({"master." + parameter.name, parameter.value});
  for (const OptimizerState& part : optimizer_->state()) tensors.push_back({"optimizer." + part.name, part.values});
  for (StateTensor& tensor : average_.state(parameters)) tensors.push_back(std::move(tensor));
  return tensors;
}

void ActiveStage::swap_average() {
  if (!average_.is_active() && !optimizer_->has_average()) return;
  average_.swap(model_.network().parameters());
  optimizer_->swap_average();
  model_.network().parameters_changed();
}

}  // namespace manyshot::train
