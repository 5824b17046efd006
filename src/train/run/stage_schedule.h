// The learning-rate schedule of one stage, as its recipe asks for it.
#pragma once

#include "train/optimizer/schedule.h"
#include "train/recipe.h"

namespace manyshot::train {

// A stage with the schedule-free optimiser warms up and then stays.
Schedule stage_schedule(const StageRecipe& stage, int64_t num_steps);

}  // namespace manyshot::train
