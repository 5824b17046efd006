// Updates of a network whose numbers are in the host's memory.
#pragma once

#include <memory>

#include "train/optimizer_options.h"
#include "train/trainable.h"
#include "train/weight_updates.h"

namespace manyshot::train {

// Those of the network's device, where it has one. `ema`: decay of an average of the weights; 0: none. The network must
// outlive them.
std::unique_ptr<WeightUpdates> make_updates(TrainableModel& network, const OptimizerOptions& options, double ema);

}  // namespace manyshot::train
