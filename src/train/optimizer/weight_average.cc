#include "train/optimizer/weight_average.h"

#include <algorithm>
#include <utility>

namespace manyshot::train {

double average_weight(double decay, int64_t step) {
  const auto count = static_cast<double>(step);
  return 1 - std::min(decay, (count + 1) / (count + 10));
}

WeightAverage::WeightAverage(std::span<Parameter> parameters, double decay) : decay_(decay) {
  if (decay == 0) return;
  for (const Parameter& parameter : parameters) averages_.emplace_back(parameter.value.begin(), parameter.value.end());
}

void WeightAverage::update(std::span<const Parameter> parameters, int64_t step) {
  const auto weight = static_cast<float>(average_weight(decay_, step));
  for (size_t i = 0; i < averages_.size(); ++i) {
    std::vector<float>& average = averages_[i];
    const std::span<float> value = parameters[i].value;
    for (size_t k = 0; k < average.size(); ++k) average[k] += weight * (value[k] - average[k]);
  }
}

void WeightAverage::swap(std::span<Parameter> parameters) {
  for (size_t i = 0; i < averages_.size(); ++i) {
    std::swap_ranges(averages_[i].begin(), averages_[i].end(), parameters[i].value.begin());
  }
}

std::vector<StateTensor> WeightAverage::state(std::span<const Parameter> parameters) {
  std::vector<StateTensor> tensors;
  for (size_t i = 0; i < averages_.size(); ++i) tensors.push_back({"average." + parameters[i].name, averages_[i]});
  return tensors;
}

}  // namespace manyshot::train
