// The four matrix products of a decoder layer ("sites"), and the stock modules whose weights each is made of.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "model/language/decoder_network.h"

namespace manyshot::train {

enum Site : size_t { kQkv, kAttentionOut, kGateUp, kDown };
inline constexpr size_t kNumSites = 4;

struct SiteModule {
  const char* name;              // "self_attn.q_proj"
  size_t num_outputs = 0;        // rows of its weight
  size_t first_row = 0;          // of the site's matrix
  bool in_swiglu_tiles = false;  // rows stand in groups of kSwigluTile, a group of the other module behind each

  size_t site_row(size_t row) const {
    return first_row + (in_swiglu_tiles ? row / kSwigluTile * 2 * kSwigluTile + row % kSwigluTile : row);
  }
};

struct SiteShape {
  size_t num_inputs = 0;   // columns of the weights
  size_t input_width = 0;  // of activations: num_inputs and zeros behind them
  size_t num_outputs = 0;  // rows of the site's matrix
  std::vector<SiteModule> modules;
};

using SiteShapes = std::array<SiteShape, kNumSites>;
SiteShapes site_shapes(const LanguageModelConfig& config);

template <class T>
const kernels::PackedMatrix<T>& site_weight(const DecoderLayer<T>& layer, size_t site) {
  return site == kQkv ? layer.qkv : site == kAttentionOut ? layer.o : site == kGateUp ? layer.gate_up : layer.down;
}

// "model.layers.3.self_attn.q_proj"
std::string module_name(size_t layer, const SiteModule& module);

}  // namespace manyshot::train
