#include "train/run/active_stage.h"

#include <fmt/format.h>

#include "core/text.h"
#include "train/plan/stage_stream.h"

namespace manyshot::train {

ActiveStage::ActiveStage(const Recipe& recipe, const RunPlan& plan, size_t stage, int64_t first_step, RunModel& model)
    : number_(stage),
      recipe_(recipe.stages[stage]),
      stream_(open_stream(recipe_, stream_context(recipe, plan, stage, model))),
      samples_(
          *stream_, [&plan, stage](uint64_t number) { return plan.position(stage, number); },
          static_cast<uint64_t>(first_step) * plan.own_step_samples(stage),
          static_cast<uint64_t>(plan.stage_steps(stage)) * plan.own_step_samples(stage),
          model.network().leaves_cores_idle() ? Drawing::kMeanwhile : Drawing::kInTurns),
      schedule_(stage_schedule(recipe_, plan.stage_steps(stage))),
      updates_(make_updates(model.network(), recipe_.optimizer, recipe_.ema)) {}

std::string ActiveStage::description(const RunPlan& plan) const {
  return fmt::format("stage \"{}\": {} steps of {} samples, {}", recipe_.name,
                     with_thousands(plan.stage_steps(number_)), plan.step_samples(number_), stream_->description());
}

double ActiveStage::step(int64_t step) {
  const double factor = schedule_.factor(step);
  updates_->step(factor, step);
  return factor * recipe_.optimizer.learning_rate;
}

}  // namespace manyshot::train
