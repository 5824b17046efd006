// What a decoder's config determines about its layers, in the types that kernels take: one place for inference and
// training of every architecture.
#pragma once

#include <cmath>
#include <cstddef>

#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "model/decoder/config.h"

namespace manyshot {

// SwiGLU columns made at a time: so many gates beside as many ups.
inline constexpr size_t kSwigluTile = 2 * kernels::kPanelWidth;

struct DecoderShape {
  DecoderShape() = default;
  // `query_scale_base`: kQueryScaleBase for attention by tiles (kernels/tile_attention.h), 1 for the others.
  explicit DecoderShape(const DecoderConfig& config, float query_scale_base = 1.0f)
      : attention{size_t(config.num_attention_heads), size_t(config.num_key_value_heads), size_t(config.head_dim)},
        D(static_cast<size_t>(config.hidden_size)),
        intermediate(static_cast<size_t>(config.intermediate_size)),
        mlp_width(kernels::round_up(intermediate, kSwigluTile)),
        qkv_width(attention.query_width() + 2 * attention.key_width()),
        num_layers(static_cast<size_t>(config.num_hidden_layers)),
        epsilon(static_cast<float>(config.rms_norm_eps)),
        query_scale(query_scale_base / std::sqrt(static_cast<float>(config.head_dim))) {}

  kernels::AttentionShape attention;
  size_t D = 0;             // hidden_size
  size_t intermediate = 0;  // intermediate_size
  size_t mlp_width = 0;     // intermediate_size, padded to whole SwiGLU tiles
  size_t qkv_width = 0;     // of one token's queries, keys and values
  size_t num_layers = 0;
  float epsilon = 0;      // of the norms
  float query_scale = 0;  // query_scale_base / sqrt(head_dim)

  size_t query_width() const { return attention.query_width(); }
  size_t key_width() const { return attention.key_width(); }
  float score_scale() const { return 1 / std::sqrt(static_cast<float>(attention.head_dim)); }
  size_t group_size() const { return attention.num_heads / attention.num_kv_heads; }  // query heads of a key head
  // Keys and values of one token in all layers.
  size_t cached_values_per_token() const { return 2 * key_width() * num_layers; }
};

}  // namespace manyshot
