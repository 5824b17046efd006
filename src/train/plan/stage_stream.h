// The samples of the stages of a run.
#pragma once

#include "train/data/sample_stream.h"
#include "train/models/run_model.h"
#include "train/plan/run_plan.h"

namespace manyshot::train {

// What the stage's samples must fit, the seed of its stream, and the part of the data that is asked for; without
// num_positions.
StreamContext stream_context(const Recipe& recipe, size_t stage, const RunModel& model, DataPart part);
// The same for training, with the samples that the plan takes.
StreamContext stream_context(const Recipe& recipe, const RunPlan& plan, size_t stage, const RunModel& model);

// Sets `tasks` of the stages that are so many epochs long, for which their data is opened. Throws what open_stream()
// throws.
void resolve_epochs(Recipe& recipe, const RunModel& model);

}  // namespace manyshot::train
