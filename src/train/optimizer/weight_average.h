// Exponential moving average of the weights: what evaluations and checkpoints use in place of the last step's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/trainable.h"

namespace manyshot::train {

// Of the masters in the average after optimiser step `step` (from 0) of a stage. Early on the average forgets faster,
// as (step + 1) / (step + 10), so that it does not hold the start.
double average_weight(double decay, int64_t step);

class WeightAverage {
 public:
  // decay 0: no average; everything below then does nothing.
  WeightAverage(std::span<Parameter> parameters, double decay);

  // After optimiser step `step`.
  void update(std::span<const Parameter> parameters, int64_t step);
  // Exchanges the average and the masters; a second call brings them back.
  void swap(std::span<Parameter> parameters);
  std::vector<StateTensor> state(std::span<const Parameter> parameters);
  bool is_active() const { return decay_ > 0; }

 private:
  double decay_;
  std::vector<std::vector<float>> averages_;
};

}  // namespace manyshot::train
