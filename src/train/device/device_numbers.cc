#include "train/device/device_numbers.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace manyshot::train {

using at::Tensor;

DeviceNumbers::DeviceNumbers(std::span<Parameter> parameters, const at::Device& device) : parameters_(parameters) {
  const float* first = parameters.front().value.data();
  for (const Parameter& parameter : parameters) {
    places_.push_back(parameter.value.data() - first);
    size_ = std::max(size_, places_.back() + static_cast<int64_t>(parameter.value.size()));
  }
  const auto zeros = [&] { return at::zeros({size_}, at::TensorOptions(device).dtype(at::kFloat)); };
  masters_ = zeros();
  gradients_ = zeros();
  send_masters();
}

void DeviceNumbers::fetch() {
  if (!is_copy_stale_) return;
  const auto copy = [&](float* to, const Tensor& from) { at::from_blob(to, {size_}, at::kFloat).copy_(from); };
  copy(parameters_.front().value.data(), masters_);
  copy(parameters_.front().gradient.data(), gradients_);
  is_copy_stale_ = false;
}

void DeviceNumbers::send_masters() {
  masters_.copy_(at::from_blob(parameters_.front().value.data(), {size_}, at::kFloat));
}

Tensor DeviceNumbers::part(const Tensor& block, size_t i) const {
  std::vector<int64_t> shape(parameters_[i].shape.begin(), parameters_[i].shape.end());
  return block.slice(0, places_[i], places_[i] + static_cast<int64_t>(parameters_[i].value.size())).view(shape);
}

}  // namespace manyshot::train
