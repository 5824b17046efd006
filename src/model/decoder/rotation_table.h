// Cosines and sines of rotary position embedding (Su et al. 2021, "RoFormer") for a list of positions.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/elementwise.h"

namespace manyshot {

// Entry i of the list is "position" i of rotation().
class RotationTable {
 public:
  RotationTable() = default;
  // Positions 0, 1, … num_positions - 1; dimension pair i turns by theta^(-2i / head_dim) a position, in double.
  RotationTable(double theta, size_t head_dim, size_t num_positions);
  // Frequencies [head_dim / 2]; angles are products in f32, and cosines and sines are multiplied by `factor`.
  RotationTable(std::span<const float> frequencies, float factor, std::span<const size_t> positions);

  kernels::Rotation rotation() const { return {cosines_.data(), sines_.data(), head_dim_}; }
  // Turns the other way, as gradients do.
  RotationTable inverse() const;

 private:
  size_t head_dim_ = 0;
  std::vector<float> cosines_, sines_;
};

}  // namespace manyshot
