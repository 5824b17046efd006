#include "train/language/parameter_store.h"

#include <functional>
#include <numeric>

namespace manyshot::train {

using kernels::AlignedBuffer;

namespace {

size_t num_elements(const std::vector<size_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>());
}

}  // namespace

size_t ParameterStore::add(std::string name, std::vector<size_t> shape, ParameterKind kind) {
  num_values_ += num_elements(shape);
  parameters_.push_back({.name = std::move(name), .shape = std::move(shape), .kind = kind});
  return parameters_.size() - 1;
}

void ParameterStore::allocate() {
  values_ = AlignedBuffer<float>(num_values_);
  gradients_ = AlignedBuffer<float>(num_values_);
  size_t first = 0;
  for (Parameter& parameter : parameters_) {
    const size_t count = num_elements(parameter.shape);
    parameter.value = {values_.data() + first, count};
    parameter.gradient = {gradients_.data() + first, count};
    first += count;
  }
}

}  // namespace manyshot::train
