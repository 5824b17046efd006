// The weights of a `compact` model as f32 matrices, checked against its config (docs/formats/weights.md).
#pragma once

#include <cstdint>
#include <vector>

#include "model/compact/config.h"
#include "model/files/safetensors.h"

namespace manyshot {

// Matrices are row-major [outputs, inputs].
struct LayerWeights {
  std::vector<float> input_norm, post_attention_norm;  // [D]
  std::vector<float> q_proj;                           // [H * head_dim, D]
  std::vector<float> k_proj, v_proj;                   // [H_kv * head_dim, D]
  std::vector<float> o_proj;                           // [D, H * head_dim]
  std::vector<float> gate_proj, up_proj;               // [I, D]
  std::vector<float> down_proj;                        // [D, I]
};

struct Weights {
  std::vector<float> embedding;  // [V, D]
  std::vector<float> final_norm;
  std::vector<LayerWeights> layers;
  int64_t num_parameters = 0;
};

// Throws Error(kCorruptFile) naming the tensor when one is missing, has another shape than the config says (both are
// named) or holds NaN or infinity.
Weights read_weights(const Safetensors& file, const ModelConfig& config);

}  // namespace manyshot
