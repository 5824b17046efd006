// The optimiser and the schedule of one stage, as its recipe asks for them.
#pragma once

#include <memory>
#include <span>

#include "train/optimizer/optimizer.h"
#include "train/optimizer/schedule.h"
#include "train/recipe.h"

namespace manyshot {

std::unique_ptr<Optimizer> make_stage_optimizer(const StageRecipe& stage, std::span<Parameter> parameters);
Schedule stage_schedule(const StageRecipe& stage, int64_t num_steps);

}  // namespace manyshot
