// The weights of a `compact` model in the form the fused decoder multiplies with.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/gemm.h"
#include "model/compact/config.h"
#include "model/compact/weights.h"
#include "model/decoder/layer.h"
#include "model/decoder/rotation_table.h"

namespace manyshot {

// Act: the type of the products' inputs, float or BFloat16.
template <class Act>
class FusedNetwork : public DecoderShape {
 public:
  FusedNetwork(const ModelConfig& model_config, const Weights& weights);

  ModelConfig config;
  RotationTable rotations;  // of a row's positions
  std::vector<DecoderLayer<Act>> layers;
  std::vector<float> embedding, final_norm;
  kernels::PackedMatrix<float> label_head, number_head;  // number_head: version 2

  const kernels::PackedMatrix<float>& head(bool of_numbers) const { return of_numbers ? number_head : label_head; }
  size_t num_answers(bool of_numbers) const {
    return static_cast<size_t>((of_numbers ? config.typed->target_tokens : config.label_tokens).size());
  }
  const float* token_vector(TokenId token) const { return embedding.data() + static_cast<size_t>(token) * D; }
  // Row layers that every token of a row goes through, and the last one, of which only the row's summaries are needed.
  std::span<const DecoderLayer<Act>> whole_row_layers() const { return std::span(layers).first(num_row_layers() - 1); }
  const DecoderLayer<Act>& last_row_layer() const { return layers[num_row_layers() - 1]; }
  std::span<const DecoderLayer<Act>> context_layers() const { return std::span(layers).subspan(num_row_layers()); }

 private:
  size_t num_row_layers() const { return static_cast<size_t>(config.row_layers); }
};

extern template class FusedNetwork<float>;
extern template class FusedNetwork<kernels::BFloat16>;

}  // namespace manyshot
