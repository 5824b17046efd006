#include "train/run/stage_schedule.h"

#include <cmath>

namespace manyshot::train {

Schedule stage_schedule(const StageRecipe& stage, int64_t num_steps) {
  const int64_t from_ratio = std::llround(stage.warmup_ratio * static_cast<double>(num_steps));
  const bool falls = stage.optimizer.kind != OptimizerKind::kScheduleFree;
  return {.kind = falls ? stage.schedule : ScheduleKind::kConstant,
          .steps = num_steps,
          .warmup_steps = stage.warmup_steps > 0 ? stage.warmup_steps : from_ratio,
          .final_fraction = stage.final_fraction};
}

}  // namespace manyshot::train
