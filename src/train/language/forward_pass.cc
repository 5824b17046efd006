#include "train/language/forward_pass.h"

#include <algorithm>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/attention_gradient.h"
#include "kernels/elementwise.h"
#include "kernels/elementwise_backward.h"
#include "model/decoder/steps.h"
#include "model/language/attention_scratch.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::attend_tile;
using kernels::attention_log_sums;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::convert;
using kernels::finish_attention;
using kernels::gemm;
using kernels::KeyValueTile;
using kernels::kKeyTile;
using kernels::kPanelWidth;
using kernels::rms_norm;
using kernels::RunningAttention;
using kernels::start_attention;
using kernels::Store;

namespace {

size_t ceil_div(size_t n, size_t by) { return (n + by - 1) / by; }

}  // namespace

template <class T>
struct ForwardPass<T>::Scratch {
  Scratch(const TrainedNetwork<T>& network, size_t tokens, bool drops) : attention(network.net(), tokens) {
    const DecoderNetwork<T>& net = network.net();
    size_t widest_input = 0, widest_lora = 0;
    for (size_t site = 0; site < kNumSites; ++site) {
      widest_input = std::max(widest_input, network.sites()[site].input_width);
      widest_lora = std::max(widest_lora, network.lora_width(site));
    }
    normed = AlignedBuffer<T>(tokens * net.D);
    hidden = AlignedBuffer<T>(tokens * net.mlp_width);
    if (drops) dropped = AlignedBuffer<T>(tokens * widest_input);
    qkv = AlignedBuffer<float>(tokens * net.qkv_width);
    gate_up = AlignedBuffer<float>(tokens * 2 * kSwigluTile);
    lora_hidden = AlignedBuffer<float>(tokens * widest_lora);
  }

  AlignedBuffer<T> normed, hidden, dropped;
  AlignedBuffer<float> qkv, gate_up, lora_hidden;
  AttentionScratch attention;
};

template <class T>
ForwardPass<T>::ForwardPass(const TrainedNetwork<T>& network, const PackedBatch& batch, const Dropout& dropout,
                            PassMode mode, PassMemory<T>& memory)
    : network_(network),
      net_(network.net()),
      batch_(batch),
      dropout_(dropout),
      memory_(memory),
      rotations_(net_.rope.rotations(batch.positions)),
      blocks_(token_blocks(batch.tokens.size())),
      scratches_(static_cast<size_t>(num_threads())) {
  memory_.prepare(network, mode, batch.tokens.size(), batch.sequences.size());
  size_t num_tiles = 0;
  for (size_t i = 0; i < batch.sequences.size(); ++i) {
    const size_t count = batch.sequences[i].num_tokens();
    first_tiles_.push_back(num_tiles);
    num_tiles += ceil_div(count, kKeyTile);
    sequence_of_.insert(sequence_of_.end(), count, i);
  }
}

template <class T>
template <class Task>
void ForwardPass<T>::for_blocks(const Task& task) {
  parallel_for(blocks_.size(), [&](size_t i, int worker) {
    check_interrupted();
    std::shared_ptr<Scratch>& scratch = scratches_[static_cast<size_t>(worker)];
    if (!scratch) scratch = std::make_shared<Scratch>(network_, blocks_[0].size(), dropout_.is_active());
    task(blocks_[i], *scratch);
  });
}

template <class T>
void ForwardPass<T>::run(T* hidden) {
  const size_t D = net_.D, num_layers = net_.num_layers;
  for_blocks([&](const Range& block, Scratch& s) {
    for (size_t token = block.first; token < block.last; ++token) {
      net_.embed(batch_.tokens[token], memory_.input(0) + token * D);
    }
    project(0, block, s);
  });
  for (size_t layer = 0; layer < num_layers; ++layer) {
    for_blocks([&](const Range& block, Scratch& s) {
      if (!is_needed(layer, block)) return leave_out(layer, block);
      attend(layer, block, s);
      finish_layer(layer, block, s, /*makes_next_input=*/true);
      if (layer + 1 < num_layers) project(layer + 1, block, s);
    });
  }
  const float* last = memory_.input(num_layers);
  for (size_t i = 0; i < batch_.targets.size(); ++i) {
    rms_norm({net_.final_norm.data(), D, net_.epsilon}, {last + batch_.targets[i].row * D, D}, 1, {hidden + i * D, D});
  }
}

template <class T>
void ForwardPass<T>::recompute(size_t layer) {
  for_blocks([&](const Range& block, Scratch& s) { project(layer, block, s); });
  for_blocks([&](const Range& block, Scratch& s) {
    if (!is_needed(layer, block)) return leave_out(layer, block);
    attend(layer, block, s);
    finish_layer(layer, block, s, /*makes_next_input=*/false);
  });
}

// The part of LoRA that all of a site's outputs share: x A^T.
template <class T>
void ForwardPass<T>::lora_down(size_t layer, size_t site, const Range& block, const T* x, Scratch& s) {
  const LoraSite<T>& lora = network_.layer(layer).lora[site];
  if (!lora.is_trained()) return;
  const size_t M = block.size(), width = lora.width(), input_width = network_.sites()[site].input_width;
  if (dropout_.is_active()) {
    drop_inputs(dropout_, block, layer * kNumSites + site, x, input_width, s.dropped.data());
    x = s.dropped.data();
  }
  gemm({x, input_width}, M, lora.down.panels(), {s.lora_hidden.data(), width}, Store::kOverwrite);
  convert({s.lora_hidden.data(), width}, M, width,
          {memory_.layer(layer).lora_hidden[site].data() + block.first * width, width});
}

// Some panels of a site's outputs. REQUIRES: lora_down() for the block.
template <class T>
void ForwardPass<T>::multiply(size_t layer, size_t site, const Range& block, const T* x, Range panels, float* y,
                              size_t ldy, Store store) {
  const size_t M = block.size();
  gemm({x, network_.sites()[site].input_width}, M,
       site_weight(net_.layers[layer], site).panels(panels.first, panels.last), {y, ldy}, store);
  const LoraSite<T>& lora = network_.layer(layer).lora[site];
  if (!lora.is_trained()) return;
  const size_t width = lora.width();
  gemm({memory_.layer(layer).lora_hidden[site].data() + block.first * width, width}, M,
       lora.up.panels(panels.first, panels.last), {y, ldy}, Store::kAdd);
}

// Queries, keys and values of a layer.
template <class T>
void ForwardPass<T>::project(size_t layer, const Range& block, Scratch& s) {
  const AttentionShape& shape = net_.attention;
  LayerActivations<T>& to = memory_.layer(layer);
  const size_t M = block.size(), width = net_.qkv_width, query_width = shape.query_width(),
               key_width = shape.key_width(), head_dim = shape.head_dim;
  float* qkv = s.qkv.data();
  project_qkv<T>(net_, qkv_weights(net_.layers[layer]), rotations_.rotation(),
                 {memory_.input(layer) + block.first * net_.D, M, {.first = block.first, .period = M}}, s.normed.data(),
                 qkv, [&](const T* normed, float* to_qkv) {
                   lora_down(layer, kQkv, block, normed, s);
                   multiply(layer, kQkv, block, normed, {0, width / kPanelWidth}, to_qkv, width, Store::kOverwrite);
                 });

  const size_t group_width = query_width / shape.num_kv_heads;
  for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
    convert({qkv + kv_head * group_width, width}, M, group_width,
            {to.queries.data() + group_row(kv_head, block.first) * head_dim, group_width});
  }
  convert({qkv + query_width, width}, M, key_width, {to.keys.data() + block.first * key_width, key_width});
  convert({qkv + query_width + key_width, width}, M, key_width,
          {to.values.data() + block.first * key_width, key_width});
  T* tiles = memory_.key_value_tiles[layer % 2].data();
  for (size_t row = 0; row < M; ++row) {
    const size_t token = block.first + row, position = batch_.positions[token];
    const size_t tile = first_tiles_[sequence_of_[token]] + position / kKeyTile;
    for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
      const float* key = qkv + row * width + query_width + kv_head * head_dim;
      KeyValueTile<T>::set(tiles + (tile * shape.num_kv_heads + kv_head) * KeyValueTile<T>::size(head_dim), head_dim,
                           position % kKeyTile, key, key + key_width);
    }
  }
}

template <class T>
void ForwardPass<T>::attend(size_t layer, const Range& block, Scratch& s) {
  const AttentionShape& shape = net_.attention;
  LayerActivations<T>& of = memory_.layer(layer);
  const size_t head_dim = shape.head_dim, group = net_.group_size(), group_width = group * head_dim;
  const T* tiles = memory_.key_value_tiles[layer % 2].data();
  for (size_t first = block.first; first < block.last;) {
    const size_t number = sequence_of_[first];
    const PackedBatch::Sequence& sequence = batch_.sequences[number];
    const size_t last = std::min(sequence.last, block.last), count = last - first;
    for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
      const RunningAttention<T> rows = s.attention.rows(of.queries.data() + group_row(kv_head, first) * head_dim);
      start_attention(rows, count * group, head_dim);
      for (size_t key = 0; key <= batch_.positions[last - 1]; key += kKeyTile) {
        const size_t begin = std::max(first, sequence.first + key);  // the first token that sees the tile
        for (size_t token = begin; token < last; ++token)
          s.attention.see(token - begin, batch_.positions[token] + 1 - key);
        const size_t tile = (first_tiles_[number] + key / kKeyTile) * shape.num_kv_heads + kv_head;
        attend_tile(rows.from((begin - first) * group, head_dim), (last - begin) * group, head_dim,
                    tiles + tile * KeyValueTile<T>::size(head_dim), s.attention.visible());
      }
      attention_log_sums(rows, count * group, of.log_sums.data() + group_row(kv_head, first));
      for (size_t row = 0; row < count; ++row) {
        finish_attention(rows.from(row * group, head_dim), group, head_dim,
                         {of.attended.data() + (first + row) * shape.query_width() + kv_head * group_width, head_dim});
      }
    }
    first = last;
  }
}

// Queries without a gradient: the backward pass finds that they gave no key any weight.
template <class T>
void ForwardPass<T>::leave_out(size_t layer, const Range& block) {
  constexpr float kNoWeight = 1e30f;
  const size_t group = net_.group_size();
  float* log_sums = memory_.layer(layer).log_sums.data();
  for (size_t kv_head = 0; kv_head < net_.attention.num_kv_heads; ++kv_head) {
    std::fill_n(log_sums + group_row(kv_head, block.first), block.size() * group, kNoWeight);
  }
}

// Output projection and SwiGLU, each added to the residual stream.
template <class T>
void ForwardPass<T>::finish_layer(size_t layer, const Range& block, Scratch& s, bool makes_next_input) {
  LayerActivations<T>& of = memory_.layer(layer);
  const size_t M = block.size(), D = net_.D, mlp_width = net_.mlp_width, num_panels = D / kPanelWidth;
  const T* attended = of.attended.data() + block.first * net_.attention.query_width();
  float* middle = of.middle.data() + block.first * D;
  lora_down(layer, kAttentionOut, block, attended, s);
  std::copy_n(memory_.input(layer) + block.first * D, M * D, middle);
  multiply(layer, kAttentionOut, block, attended, {0, num_panels}, middle, D, Store::kAdd);

  rms_norm({net_.layers[layer].post_attention_norm.data(), D, net_.epsilon}, {middle, D}, M, {s.normed.data(), D});
  lora_down(layer, kGateUp, block, s.normed.data(), s);
  float* gate_up = s.gate_up.data();
  swiglu_tiles<T>(
      {mlp_width, kSwigluTile, M, gate_up, s.hidden.data()},
      [&](size_t column, size_t width) {
        multiply(layer, kGateUp, block, s.normed.data(), {2 * column / kPanelWidth, 2 * (column + width) / kPanelWidth},
                 gate_up, 2 * width, Store::kOverwrite);
      },
      [&](size_t column, size_t width) {
        convert({gate_up, 2 * width}, M, 2 * width,
                {of.gate_up.data() + block.first * 2 * mlp_width + 2 * column, 2 * mlp_width});
      });
  lora_down(layer, kDown, block, s.hidden.data(), s);
  if (!makes_next_input) return;
  float* next = memory_.input(layer + 1) + block.first * D;
  std::copy_n(middle, M * D, next);
  multiply(layer, kDown, block, s.hidden.data(), {0, num_panels}, next, D, Store::kAdd);
}

template class ForwardPass<float>;
template class ForwardPass<BFloat16>;

}  // namespace manyshot::train
