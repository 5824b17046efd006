#include "train/language/pass_memory.h"

#include <algorithm>
#include <span>

#include "kernels/outer_gemm.h"
#include "kernels/tile_attention.h"
#include "train/language/packed_batch.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::KeyValueTile;
using kernels::kKeyTile;
using kernels::packed_rows_size;

namespace {

SumsLayout sums_layout_of(const PassSizes& sizes) {
  SumsLayout layout;
  for (size_t site = 0; site < kNumSites; ++site) {
    layout.lora[site] = layout.size;
    layout.size += sizes.lora_sums[site];
  }
  if (sizes.trains_all) {
    layout.input_norm = layout.size;
    layout.post_attention_norm = layout.input_norm + sizes.D;
    layout.qkv_bias = layout.post_attention_norm + sizes.D;
    layout.size = layout.qkv_bias + sizes.qkv_width;
  }
  return layout;
}

}  // namespace

template <class T>
template <class Take>
void PassMemory<T>::for_each_buffer(const PassSizes& sizes, PassMode mode, size_t num_tokens, size_t num_sequences,
                                    const Take& take) {
  const AttentionShape& shape = sizes.attention;
  const size_t queries = num_tokens * shape.query_width(), keys = num_tokens * shape.key_width(),
               rows = num_tokens * shape.num_heads, stream = num_tokens * sizes.D;
  const bool differentiates = mode != PassMode::kLoss;

  inputs_in_use_ = differentiates ? sizes.num_layers + 1 : 2;
  inputs.resize(std::max(inputs.size(), inputs_in_use_));
  for (AlignedBuffer<float>& input : std::span(inputs).first(inputs_in_use_)) take(input, stream);
  layers_in_use_ = mode == PassMode::kKeep ? sizes.num_layers : 2;
  layers.resize(std::max(layers.size(), layers_in_use_));
  for (LayerActivations<T>& layer : std::span(layers).first(layers_in_use_)) {
    take(layer.middle, stream);
    take(layer.queries, queries);
    take(layer.keys, keys);
    take(layer.values, keys);
    take(layer.attended, queries);
    take(layer.log_sums, rows);
    take(layer.gate_up, num_tokens * 2 * sizes.mlp_width);
    for (size_t site = 0; site < kNumSites; ++site) {
      take(layer.lora_hidden[site], num_tokens * sizes.lora_width[site]);
    }
  }
  const size_t num_tiles = num_tokens / kKeyTile + num_sequences;
  for (AlignedBuffer<T>& tiles : key_value_tiles) {
    take(tiles, num_tiles * shape.num_kv_heads * KeyValueTile<T>::size(shape.head_dim));
  }
  if (!differentiates) return;

  take(gradients, stream);
  take(out_gradients, queries);
  take(dots, rows);
  for (AlignedBuffer<float>& part : query_gradients) take(part, queries);
  take(key_gradients, keys);
  take(value_gradients, keys);
  sums_layout = sums_layout_of(sizes);
  sums.resize(kMaxChunks);
  for (AlignedBuffer<float>& chunk : sums) take(chunk, sums_layout.size);
  if (!sizes.trains_all) return;
  size_t widest_input = 0, widest_output = 0;
  for (size_t site = 0; site < kNumSites; ++site) {
    const SiteShape& shape_of_site = sizes.sites[site];
    take(site_inputs[site], num_tokens * shape_of_site.input_width);
    take(site_gradients[site], num_tokens * shape_of_site.num_outputs);
    widest_input = std::max(widest_input, shape_of_site.input_width);
    widest_output = std::max(widest_output, shape_of_site.num_outputs);
  }
  take(packed_inputs, packed_rows_size(num_tokens, widest_input));
  take(packed_gradients, packed_rows_size(num_tokens, widest_output));
}

template <class T>
void PassMemory<T>::prepare(const TrainedNetwork<T>& network, PassMode mode, size_t num_tokens, size_t num_sequences) {
  for_each_buffer(network.sizes(), mode, num_tokens, num_sequences, [](auto& buffer, size_t count) {
    using Buffer = std::remove_reference_t<decltype(buffer)>;
    if (buffer.size() >= count) return;
    buffer = Buffer();  // before there are two
    buffer = Buffer(count);
  });
}

template <class T>
uint64_t PassMemory<T>::bytes(const PassSizes& sizes, PassMode mode, size_t num_tokens, size_t num_sequences) {
  uint64_t bytes = 0;
  PassMemory nothing;
  nothing.for_each_buffer(sizes, mode, num_tokens, num_sequences,
                          [&](auto& buffer, size_t count) { bytes += count * sizeof(buffer[0]); });
  return bytes;
}

template class PassMemory<float>;
template class PassMemory<BFloat16>;

}  // namespace manyshot::train
