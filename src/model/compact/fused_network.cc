#include "model/compact/fused_network.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace manyshot {

using kernels::BFloat16;
using kernels::PackedMatrix;
using kernels::round_up;

namespace {

std::vector<float> concatenated(std::initializer_list<const std::vector<float>*> parts) {
  std::vector<float> all;
  for (const auto* part : parts) all.insert(all.end(), part->begin(), part->end());
  return all;
}

// Rows of gate and up in the order PackedLayer::gate_up says; rows beyond intermediate_size stay zero, so their silu
// does too.
std::vector<float> interleaved(const LayerWeights& layer, size_t intermediate, size_t padded, size_t D) {
  std::vector<float> rows(2 * padded * D);
  for (size_t i = 0; i < intermediate; ++i) {
    float* gate = rows.data() + (i / kMlpTile * 2 * kMlpTile + i % kMlpTile) * D;
    std::copy_n(layer.gate_proj.data() + i * D, D, gate);
    std::copy_n(layer.up_proj.data() + i * D, D, gate + kMlpTile * D);
  }
  return rows;
}

std::vector<float> with_padded_columns(const std::vector<float>& matrix, size_t rows, size_t columns, size_t padded) {
  std::vector<float> wide(rows * padded);
  for (size_t row = 0; row < rows; ++row) {
    std::copy_n(matrix.data() + row * columns, columns, wide.data() + row * padded);
  }
  return wide;
}

}  // namespace

template <class Act>
FusedNetwork<Act>::FusedNetwork(const ModelConfig& model_config, const Weights& weights)
    : config(model_config),
      attention{size_t(config.num_attention_heads), size_t(config.num_key_value_heads), size_t(config.head_dim)},
      D(static_cast<size_t>(config.hidden_size)),
      qkv_width(attention.query_width() + 2 * attention.key_width()),
      mlp_width(round_up(static_cast<size_t>(config.intermediate_size), kMlpTile)),
      epsilon(static_cast<float>(config.rms_norm_eps)),
      query_scale(1.0f / std::sqrt(static_cast<float>(config.head_dim))),
      embedding(weights.embedding),
      final_norm(weights.final_norm) {
  const size_t intermediate = static_cast<size_t>(config.intermediate_size);
  for (const LayerWeights& layer : weights.layers) {
    layers.push_back(
        {layer.input_norm, layer.post_attention_norm,
         PackedMatrix<Act>(concatenated({&layer.q_proj, &layer.k_proj, &layer.v_proj}), qkv_width, D),
         PackedMatrix<Act>(layer.o_proj, D, attention.query_width()),
         PackedMatrix<Act>(interleaved(layer, intermediate, mlp_width, D), 2 * mlp_width, D),
         PackedMatrix<Act>(with_padded_columns(layer.down_proj, D, intermediate, mlp_width), D, mlp_width)});
  }
  const auto labels = static_cast<size_t>(config.label_tokens.size());
  label_head = PackedMatrix<float>({token_vector(config.label_tokens.first), labels * D}, labels, D);
  make_rotation();
}

template <class Act>
void FusedNetwork<Act>::make_rotation() {
  const size_t half = attention.head_dim / 2;
  const size_t positions = static_cast<size_t>(config.column_tokens.size()) + 2;
  for (size_t position = 0; position < positions; ++position) {
    for (size_t i = 0; i < half; ++i) {
      const double frequency = std::pow(config.rope_theta, -static_cast<double>(i) / static_cast<double>(half));
      cosines_.push_back(static_cast<float>(std::cos(static_cast<double>(position) * frequency)));
      sines_.push_back(static_cast<float>(std::sin(static_cast<double>(position) * frequency)));
    }
  }
  rotation = {cosines_.data(), sines_.data(), attention.head_dim};
}

template class FusedNetwork<float>;
template class FusedNetwork<BFloat16>;

}  // namespace manyshot
