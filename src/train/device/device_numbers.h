// The trained numbers of a network on a device: masters and gradients, each in one block, and where each parameter
// stands in it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "train/trainable.h"

namespace manyshot::train {

class DeviceNumbers {
 public:
  // `parameters` follow each other in one block of the host's memory, and their gradients in another; both stay the
  // network's copies there. They must outlive this.
  DeviceNumbers(std::span<Parameter> parameters, const at::Device& device);

  std::span<const Parameter> list() const { return parameters_; }
  at::Tensor& masters() { return masters_; }                      // [all numbers] f32
  at::Tensor& gradients() { return gradients_; }                  // the same
  at::Tensor value(size_t i) const { return part(masters_, i); }  // of parameter i, in its shape
  at::Tensor gradient(size_t i) const { return part(gradients_, i); }

  at::Tensor part(const at::Tensor& block, size_t i) const;  // parameter i of a block laid out as the masters

  // Between the device and the spans of list(). fetch() does nothing where these are as the device has them: to be said
  // by set_changed() when something there has changed.
  void set_changed() { is_copy_stale_ = true; }
  void fetch();
  void send_masters();

 private:
  std::span<Parameter> parameters_;
  std::vector<int64_t> places_;
  int64_t size_ = 0;
  at::Tensor masters_, gradients_;
  bool is_copy_stale_ = false;
};

}  // namespace manyshot::train
