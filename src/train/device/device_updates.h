// Updates of a network whose numbers are on a device: nothing of a step leaves it but the norm of the gradient.
#pragma once

#include <functional>
#include <memory>

#include "train/device/device_numbers.h"
#include "train/optimizer_options.h"
#include "train/weight_updates.h"

namespace manyshot::train {

// `changed` is called when the masters have changed, which the numbers know by then. All must outlive the updates.
std::unique_ptr<WeightUpdates> make_device_updates(DeviceNumbers& numbers, const OptimizerOptions& options, double ema,
                                                   std::function<void()> changed);

}  // namespace manyshot::train
