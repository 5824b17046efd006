#include "train/run/stage_optimizer.h"

#include <cmath>

namespace manyshot {

std::unique_ptr<Optimizer> make_stage_optimizer(const StageRecipe& stage, std::span<Parameter> parameters) {
  return make_optimizer({.kind = parse_optimizer_kind(stage.optimizer),
                         .learning_rate = stage.learning_rate,
                         .vector_learning_rate = stage.vector_learning_rate,
                         .beta1 = stage.beta1,
                         .beta2 = stage.beta2,
                         .weight_decay = stage.weight_decay,
                         .momentum = stage.momentum},
                        parameters);
}

Schedule stage_schedule(const StageRecipe& stage, int64_t num_steps) {
  const int64_t from_ratio = std::llround(stage.warmup_ratio * static_cast<double>(num_steps));
  const bool falls = stage.optimizer != "schedule-free";
  return {.kind = falls ? parse_schedule_kind(stage.schedule) : ScheduleKind::kConstant,
          .steps = num_steps,
          .warmup_steps = stage.warmup_steps > 0 ? stage.warmup_steps : from_ratio,
          .final_fraction = stage.final_fraction};
}

}  // namespace manyshot
