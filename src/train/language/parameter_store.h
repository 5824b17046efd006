// Masters and gradients of all trained parameters, each kind in one array.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "train/trainable.h"

namespace manyshot::train {

class ParameterStore {
 public:
  // Returns the parameter's number. To be called before allocate().
  size_t add(std::string name, std::vector<size_t> shape, ParameterKind kind);
  // All values and gradients are zero.
  void allocate();

  std::span<Parameter> all() { return parameters_; }
  Parameter& operator[](size_t number) { return parameters_[number]; }
  const Parameter& operator[](size_t number) const { return parameters_[number]; }
  size_t size() const { return parameters_.size(); }
  size_t num_values() const { return num_values_; }

 private:
  std::vector<Parameter> parameters_;
  size_t num_values_ = 0;
  kernels::AlignedBuffer<float> values_, gradients_;
};

}  // namespace manyshot::train
