// A training run from its recipe to its last checkpoint.
#pragma once

#include "train/collective/collective.h"
#include "train/models/run_model.h"
#include "train/record/run_report.h"
#include "train/record/run_setup.h"

namespace manyshot::train {

// Trains until the recipe's last step; `model` is as opened, and holds the trained weights afterwards. Writes the run
// folder (docs/formats/checkpoints.md). Whatever ends it early (Ctrl-C, a process that died, a full disk, a loss that
// is no number), the checkpoints written before are whole; after Ctrl-C and a lost process one of the last finished
// step is added. Throws Error(kBadInput) when the folder holds another run, a checkpoint is of another recipe, or a
// loss is no number; Error(kOutOfMemory) before the first step when memory does not suffice; and what the parts throw.
RunReport train(const RunSetup& setup, RunModel& model, Collective& processes);

}  // namespace manyshot::train
