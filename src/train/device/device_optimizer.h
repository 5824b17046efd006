// The optimisers of train/optimizer/ by libtorch's operators over lists of tensors: the same formulas and the same
// state under the same names, so that a checkpoint goes on on another device.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "train/device/device_numbers.h"
#include "train/optimizer_options.h"

namespace manyshot::train {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

class DeviceOptimizer {
 public:
  virtual ~DeviceOptimizer() = default;
  virtual void step(double factor) = 0;
  virtual std::vector<NamedTensor> state() = 0;
  virtual Json counters() const = 0;
  virtual void set_counters(const Json& counters) = 0;
  virtual bool has_average() const { return false; }
  virtual void swap_average() {}
};

std::unique_ptr<DeviceOptimizer> make_device_optimizer(const OptimizerOptions& options, DeviceNumbers& numbers);

}  // namespace manyshot::train
