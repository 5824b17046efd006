#include "model/compact/fused_network.h"

#include <algorithm>
#include <initializer_list>

#include "model/compact/compact_prompt.h"

namespace manyshot {

using kernels::BFloat16;
using kernels::PackedMatrix;

namespace {

std::vector<float> concatenated(std::initializer_list<const std::vector<float>*> parts) {
  std::vector<float> all;
  for (const auto* part : parts) all.insert(all.end(), part->begin(), part->end());
  return all;
}

// Rows of gate and up in the order DecoderLayer::gate_up says; rows beyond intermediate_size stay zero, so their silu
// does too.
std::vector<float> interleaved(const LayerWeights& layer, size_t intermediate, size_t padded, size_t D) {
  std::vector<float> rows(2 * padded * D);
  for (size_t i = 0; i < intermediate; ++i) {
    float* gate = rows.data() + (i / kSwigluTile * 2 * kSwigluTile + i % kSwigluTile) * D;
    std::copy_n(layer.gate_proj.data() + i * D, D, gate);
    std::copy_n(layer.up_proj.data() + i * D, D, gate + kSwigluTile * D);
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
    : DecoderShape(model_config),
      config(model_config),
      rotations(row_rotations(config)),
      embedding(weights.embedding),
      final_norm(weights.final_norm) {
  for (const LayerWeights& layer : weights.layers) {
    layers.push_back(
        {layer.input_norm, layer.post_attention_norm, /*qkv_bias=*/{},
         PackedMatrix<Act>(concatenated({&layer.q_proj, &layer.k_proj, &layer.v_proj}), qkv_width, D),
         PackedMatrix<Act>(layer.o_proj, D, query_width()),
         PackedMatrix<Act>(interleaved(layer, intermediate, mlp_width, D), 2 * mlp_width, D),
         PackedMatrix<Act>(with_padded_columns(layer.down_proj, D, intermediate, mlp_width), D, mlp_width)});
  }
  const auto pack_head = [&](const TokenRange& tokens) {
    const auto count = static_cast<size_t>(tokens.size());
    return PackedMatrix<float>({token_vector(tokens.first), count * D}, count, D);
  };
  label_head = pack_head(config.label_tokens);
  if (config.typed) number_head = pack_head(config.typed->target_tokens);
}

template class FusedNetwork<float>;
template class FusedNetwork<BFloat16>;

}  // namespace manyshot
