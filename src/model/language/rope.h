// Rotary position embedding of a language model: the frequencies of its heads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "model/decoder/rotation_table.h"
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
  RotationTable rotations(std::span<const size_t> positions) const {
    return {frequencies_, attention_factor_, positions};
  }

 private:
  std::vector<float> frequencies_;
  float attention_factor_ = 1;
};

}  // namespace manyshot
