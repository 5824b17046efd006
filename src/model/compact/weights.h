// The weights of a `compact` model as f32 matrices, checked against its config (docs/formats/weights.md).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "model/compact/config.h"
#include "model/decoder/shape.h"
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

// Calls take(name, values, shape) for every tensor in the order of a file; W is Weights or const Weights.
// REQUIRES: weights.layers has config.num_hidden_layers elements.
template <class W, class Take>
void for_each_tensor(const ModelConfig& config, W& weights, const Take& take) {
  using Shape = std::vector<uint64_t>;
  const DecoderShape shape(config);
  const uint64_t D = shape.D, I = shape.intermediate, queries = shape.query_width(), keys = shape.key_width();
  take(std::string("model.embed_tokens.weight"), weights.embedding, Shape{static_cast<uint64_t>(config.vocab_size), D});
  take(std::string("model.norm.weight"), weights.final_norm, Shape{D});
  for (size_t number = 0; number < weights.layers.size(); ++number) {
    auto& layer = weights.layers[number];
    const auto of_layer = [&](const char* name, auto& values, Shape dimensions) {
      take("model.layers." + std::to_string(number) + "." + name + ".weight", values, std::move(dimensions));
    };
    of_layer("input_layernorm", layer.input_norm, {D});
    of_layer("post_attention_layernorm", layer.post_attention_norm, {D});
    of_layer("self_attn.q_proj", layer.q_proj, {queries, D});
    of_layer("self_attn.k_proj", layer.k_proj, {keys, D});
    of_layer("self_attn.v_proj", layer.v_proj, {keys, D});
    of_layer("self_attn.o_proj", layer.o_proj, {D, queries});
    of_layer("mlp.gate_proj", layer.gate_proj, {I, D});
    of_layer("mlp.up_proj", layer.up_proj, {I, D});
    of_layer("mlp.down_proj", layer.down_proj, {D, I});
  }
}

// Values of all tensors of a model of this config.
int64_t num_parameters(const ModelConfig& config);

// Throws Error(kCorruptFile) naming the tensor when one is missing, has another shape than the config says (both are
// named) or holds NaN or infinity.
Weights read_weights(const Safetensors& file, const ModelConfig& config);

}  // namespace manyshot
