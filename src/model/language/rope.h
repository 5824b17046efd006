// Rotary position embedding of a language model: the frequencies of its heads and the angles of token positions.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/elementwise.h"
#include "model/language/config.h"

namespace manyshot {

// Frequencies and angles are rounded to f32 where transformers rounds them (modeling_rope_utils.py), so that far
// positions turn by the same angles. Source: Su et al. 2021, "RoFormer"; YaRN: Peng et al. 2023, arXiv 2309.00071,
// section 3.4.
class Rope {
 public:
  explicit Rope(const LanguageModelConfig& config);

  std::span<const float> frequencies() const { return frequencies_; }  // [head_dim / 2]
  float attention_factor() const { return attention_factor_; }         // multiplies cosines and sines (YaRN)

 private:
  std::vector<float> frequencies_;
  float attention_factor_ = 1;
};

// Cosines and sines of a list of positions; entry i of the list is "position" i of rotation().
class RotationTable {
 public:
  RotationTable(const Rope& rope, std::span<const size_t> positions);
  kernels::Rotation rotation() const { return {cosines_.data(), sines_.data(), head_dim_}; }

 private:
  size_t head_dim_;
  std::vector<float> cosines_, sines_;
};

}  // namespace manyshot
