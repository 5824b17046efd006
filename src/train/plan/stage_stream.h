// The samples of one stage of a run.
#pragma once

#include "train/data/sample_stream.h"
#include "train/models/run_model.h"
#include "train/plan/run_plan.h"

namespace manyshot::train {

// What the stage's samples must fit, and the seed of its stream.
StreamContext stream_context(const Recipe& recipe, const RunPlan& plan, size_t stage, const RunModel& model);

}  // namespace manyshot::train
