// What a pass keeps between its loops. Made once and used again: fresh pages cost more than the passes' element-wise
// loops.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "train/language/trained_network.h"

namespace manyshot::train {

// How a pass trades memory for time.
enum class PassMode {
  kLoss,       // forward only
  kKeep,       // every layer's activations are kept for the backward pass
  kRecompute,  // only the residual stream before each layer is; the rest is computed again (Chen et al. 2016,
               // arXiv 1604.06174)
};

// The parts that keys of one sequence are cut into for the attention's backward pass; each has its own gradients of
// the queries.
inline constexpr size_t kMaxKeyParts = 4;

// Of one layer, for T tokens.
template <class T>
struct LayerActivations {
  kernels::AlignedBuffer<float> middle;    // [tokens, D]: the residual stream behind the attention
  kernels::AlignedBuffer<T> queries;       // [num_kv_heads, tokens, heads of the group, head_dim], rotated and scaled
  kernels::AlignedBuffer<T> keys, values;  // [tokens, num_kv_heads, head_dim]
  kernels::AlignedBuffer<T> attended;      // [tokens, num_heads, head_dim]
  kernels::AlignedBuffer<float> log_sums;  // [num_kv_heads, tokens, heads of the group]
  kernels::AlignedBuffer<T> gate_up;       // [tokens, 2 * mlp_width] in the network's order
  std::array<kernels::AlignedBuffer<T>, kNumSites> lora_hidden;  // x A^T: [tokens, width]
};

// Where the sums of a chunk of blocks stand.
struct SumsLayout {
  std::array<size_t, kNumSites> lora{};
  size_t input_norm = 0, post_attention_norm = 0, qkv_bias = 0;  // when all weights are trained
  size_t size = 0;
};

template <class T>
class PassMemory {
 public:
  // Grows to what a pass over so many tokens in so many sequences needs. Buffers keep the size of the largest pass.
  void prepare(const TrainedNetwork<T>& network, PassMode mode, size_t num_tokens, size_t num_sequences);
  // Bytes that prepare() takes.
  static uint64_t bytes(const PassSizes& sizes, PassMode mode, size_t num_tokens, size_t num_sequences);

  LayerActivations<T>& layer(size_t number) { return layers[number % layers_in_use_]; }
  // The residual stream before a layer, and behind the last: [tokens, D].
  float* input(size_t layer_number) { return inputs[layer_number % inputs_in_use_].data(); }

  std::vector<kernels::AlignedBuffer<float>>
      inputs;  // [layers + 1] or two of [tokens, D]: the residual stream before each layer
  std::vector<LayerActivations<T>> layers;
  std::array<kernels::AlignedBuffer<T>, 2> key_value_tiles;

  kernels::AlignedBuffer<float> gradients;  // [tokens, D], of the residual stream
  kernels::AlignedBuffer<T> out_gradients;  // as LayerActivations::queries: of the attention's output
  kernels::AlignedBuffer<float> dots;       // as log_sums
  std::array<kernels::AlignedBuffer<float>, kMaxKeyParts> query_gradients;  // as queries
  kernels::AlignedBuffer<float> key_gradients, value_gradients;             // as keys
  SumsLayout sums_layout;
  std::vector<kernels::AlignedBuffer<float>> sums;  // per chunk
  // When all weights are trained: both sides of each site's product, for the gradient of its weights.
  std::array<kernels::AlignedBuffer<T>, kNumSites> site_inputs, site_gradients;
  kernels::AlignedBuffer<T> packed_inputs, packed_gradients;

 private:
  // Calls take(buffer, values it needs) for every buffer.
  template <class Take>
  void for_each_buffer(const PassSizes& sizes, PassMode mode, size_t num_tokens, size_t num_sequences,
                       const Take& take);

  size_t layers_in_use_ = 0, inputs_in_use_ = 0;
};

extern template class PassMemory<float>;
extern template class PassMemory<kernels::BFloat16>;

}  // namespace manyshot::train
