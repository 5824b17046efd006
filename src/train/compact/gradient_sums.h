// Gradients of a batch in a number of separate sums, so that several threads work at once and the order of additions
// stays the same.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "train/compact/parameters.h"
#include "train/compact/task_pass.h"

namespace manyshot::train {

inline constexpr size_t kMostGradientSums = 16;

// Which samples go to which sum: large samples first, each to the sum with the least work. A function of the batch
// alone; the sums with the most work come first.
std::vector<std::vector<size_t>> share_out(const NetworkShape& shape, std::span<const TrainSample> batch);

class GradientSums {
 public:
  GradientSums(const NetworkShape& shape, const ParameterPlaces& places) : shape_(shape), places_(places) {}

  void reserve(size_t count);
  CompactGradientView view(size_t sum, float scale);
  // Adds the first `count` sums to the parameters' gradients and clears them. output_scales: of each layer's o and
  // down.
  void add_to(CompactParameters& parameters, size_t count, std::span<const float> output_scales,
              const std::vector<float>& number_features);

  static size_t bytes(const NetworkShape& shape, const ParameterPlaces& places, size_t count);

 private:
  void add_numbers(CompactParameters& parameters, size_t count, const std::vector<float>& number_features);

  const NetworkShape& shape_;
  const ParameterPlaces& places_;
  std::vector<kernels::AlignedBuffer<float>>
      sums_;  // each as the parameters, behind them the smooth tables [num_smooth, D]
};

}  // namespace manyshot::train
