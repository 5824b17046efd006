// The weights of a `compact` model in the form the fused decoder multiplies with.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "model/compact/config.h"
#include "model/compact/weights.h"

namespace manyshot {

// SwiGLU columns made at a time: so many panels of gates beside as many of ups.
inline constexpr size_t kMlpTilePanels = 2;
inline constexpr size_t kMlpTile = kMlpTilePanels * kernels::kPanelWidth;

// One layer, packed for inputs of type Act (float or BFloat16).
template <class Act>
struct PackedLayer {
  std::vector<float> input_norm, post_attention_norm;
  kernels::PackedMatrix<Act> qkv;  // outputs: queries, keys, values
  kernels::PackedMatrix<Act> o;
  kernels::PackedMatrix<Act> gate_up;  // kMlpTile gates, the ups that go with them, the next gates, …
  kernels::PackedMatrix<Act> down;
};

template <class Act>
class FusedNetwork {
 public:
  FusedNetwork(const ModelConfig& model_config, const Weights& weights);

  ModelConfig config;
  kernels::AttentionShape attention;
  size_t D = 0;          // hidden_size
  size_t qkv_width = 0;  // of the outputs of one token's query, key and value projections
  size_t mlp_width = 0;  // intermediate_size, padded to whole tiles
  float epsilon = 0;
  float query_scale = 0;  // 1 / sqrt(head_dim)
  kernels::Rotation rotation;
  std::vector<PackedLayer<Act>> layers;
  std::vector<float> embedding, final_norm;
  kernels::PackedMatrix<float> label_head;

  const float* token_vector(TokenId token) const { return embedding.data() + static_cast<size_t>(token) * D; }
  // Row layers that every token of a row goes through, and the last one, of which only the row's summaries are needed.
  std::span<const PackedLayer<Act>> whole_row_layers() const { return std::span(layers).first(num_row_layers() - 1); }
  const PackedLayer<Act>& last_row_layer() const { return layers[num_row_layers() - 1]; }
  std::span<const PackedLayer<Act>> context_layers() const { return std::span(layers).subspan(num_row_layers()); }

 private:
  size_t num_row_layers() const { return static_cast<size_t>(config.row_layers); }
  void make_rotation();
  std::vector<float> cosines_, sines_;
};

extern template class FusedNetwork<float>;
extern template class FusedNetwork<kernels::BFloat16>;

}  // namespace manyshot
