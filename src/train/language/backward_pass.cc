#include "train/language/backward_pass.h"

#include <algorithm>
#include <cmath>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/attention_gradient.h"
#include "kernels/elementwise.h"
#include "kernels/elementwise_backward.h"
#include "train/language/site_gradient.h"
#include "train/language/weight_gradients.h"

namespace manyshot::train {

using kernels::add;
using kernels::AlignedBuffer;
using kernels::AttentionGradientKernel;
using kernels::AttentionGradients;
using kernels::AttentionGroup;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::convert;
using kernels::dot_heads;
using kernels::kKeyTile;
using kernels::kPanelWidth;
using kernels::kQueryScaleBase;
using kernels::Positions;
using kernels::rms_norm;
using kernels::rms_norm_backward;
using kernels::rotate;
using kernels::Rotation;
using kernels::round_up;
using kernels::silu_mul_backward;

namespace {

constexpr size_t kLeastPartKeys = 256;
constexpr size_t kHiddenColumns = 2 * kSwigluTile;  // columns of the MLP's inside at a time

}  // namespace

template <class T>
struct BackwardPass<T>::Scratch {
  Scratch(const TrainedNetwork<T>& network, const Dropout& dropout, size_t tokens, PassMemory<T>& memory)
      : site(network, dropout, tokens, memory), attention(network.net().attention) {
    const DecoderNetwork<T>& net = network.net();
    inputs = AlignedBuffer<T>(tokens * std::max(net.D, net.mlp_width));
    stream = AlignedBuffer<T>(tokens * net.D);
    outputs = AlignedBuffer<T>(tokens * std::max(net.qkv_width, 2 * net.mlp_width));
    wide = AlignedBuffer<float>(tokens * std::max(net.qkv_width, net.attention.query_width()));
    columns = AlignedBuffer<float>(tokens * kHiddenColumns);
    input_gradients = AlignedBuffer<float>(tokens * net.D);
  }

  SiteGradient<T> site;
  AlignedBuffer<T> inputs;           // of a site
  AlignedBuffer<T> stream, outputs;  // gradients of a site's outputs
  AlignedBuffer<float> wide, columns, input_gradients;
  AttentionGradientKernel<T> attention;
};

template <class T>
BackwardPass<T>::BackwardPass(TrainedNetwork<T>& network, ForwardPass<T>& forward, PassMode mode, PassMemory<T>& memory)
    : network_(network),
      net_(network.net()),
      forward_(forward),
      batch_(forward.batch()),
      mode_(mode),
      memory_(memory),
      rotations_back_(forward.rotations().inverse()),
      chunks_(block_chunks(forward.blocks().size())),
      scratches_(static_cast<size_t>(num_threads())) {
  for (size_t i = 0; i < batch_.sequences.size(); ++i) {
    const size_t count = batch_.sequences[i].num_tokens();
    const size_t part_keys = std::max(kLeastPartKeys, round_up((count + kMaxKeyParts - 1) / kMaxKeyParts, kKeyTile));
    part_keys_.push_back(part_keys);
    for (size_t kv_head = 0; kv_head < net_.attention.num_kv_heads; ++kv_head) {
      for (size_t first = 0; first < count; first += part_keys) {
        attention_tasks_.push_back({i, kv_head, first, std::min(first + part_keys, count), first / part_keys});
      }
    }
  }
  // Large ones first, so that threads end together.
  const auto work = [&](const AttentionTask& task) {
    const size_t count = batch_.sequences[task.sequence].num_tokens();
    return (task.last_key - task.first_key) * (2 * count - task.first_key - task.last_key);
  };
  std::stable_sort(attention_tasks_.begin(), attention_tasks_.end(),
                   [&](const AttentionTask& a, const AttentionTask& b) { return work(a) > work(b); });
}

template <class T>
auto BackwardPass<T>::scratch(int worker) -> Scratch& {
  std::shared_ptr<Scratch>& s = scratches_[static_cast<size_t>(worker)];
  if (!s) s = std::make_shared<Scratch>(network_, forward_.dropout(), forward_.blocks()[0].size(), memory_);
  return *s;
}

template <class T>
template <class Task>
void BackwardPass<T>::for_chunks(const Task& task) {
  parallel_for(chunks_.size(), [&](size_t chunk, int worker) {
    for (size_t block = chunks_[chunk].first; block < chunks_[chunk].last; ++block) {
      check_interrupted();
      task(forward_.blocks()[block], scratch(worker), memory_.sums[chunk].data());
    }
  });
}

template <class T>
void BackwardPass<T>::run(const float* hidden_gradients) {
  for (AlignedBuffer<float>& sums : memory_.sums) std::fill_n(sums.data(), memory_.sums_layout.size, 0.0f);
  differentiate_final_norm(hidden_gradients);
  const size_t num_layers = net_.num_layers;
  for (size_t layer = num_layers; layer-- > 0;) {
    const bool has_projection = layer + 1 < num_layers;  // of the layer above, still to be done
    if (mode_ == PassMode::kRecompute) {
      if (has_projection) {
        for_chunks(
            [&](const Range& block, Scratch& s, float* sums) { differentiate_projection(layer + 1, block, s, sums); });
      }
      forward_.recompute(layer);
    }
    for_chunks([&](const Range& block, Scratch& s, float* sums) {
      if (has_projection && mode_ == PassMode::kKeep) differentiate_projection(layer + 1, block, s, sums);
      if (!forward_.is_needed(layer, block)) return leave_out(block);
      differentiate_mlp(layer, block, s, sums);
      differentiate_attention_out(layer, block, s, sums);
    });
    if (has_projection) finish_site(layer + 1, kQkv);
    for (const size_t site : {kDown, kGateUp, kAttentionOut}) finish_site(layer, site);
    differentiate_attention(layer);
  }
  for_chunks([&](const Range& block, Scratch& s, float* sums) { differentiate_projection(0, block, s, sums); });
  finish_site(0, kQkv);
  if (network_.trains_all()) add_embedding_gradients();
}

template <class T>
void BackwardPass<T>::differentiate_final_norm(const float* hidden_gradients) {
  const size_t D = net_.D;
  float* to = memory_.gradients.data();
  std::fill_n(to, batch_.tokens.size() * D, 0.0f);
  const float* x = memory_.input(net_.num_layers);
  float* gain_gradient =
      network_.trains_all() ? network_.store()[network_.numbers().final_norm].gradient.data() : nullptr;
  for (size_t i = 0; i < batch_.targets.size(); ++i) {
    const size_t row = batch_.targets[i].row;
    rms_norm_backward({net_.final_norm.data(), D, net_.epsilon}, {x + row * D, D}, {hidden_gradients + i * D, D}, 1,
                      {to + row * D, D}, gain_gradient);
  }
}

template <class T>
void BackwardPass<T>::differentiate_mlp(size_t layer, const Range& block, Scratch& s, float* sums) {
  const LayerActivations<T>& of = memory_.layer(layer);
  const size_t M = block.size(), D = net_.D, mlp_width = net_.mlp_width;
  float* stream = memory_.gradients.data() + block.first * D;
  convert({stream, D}, M, D, {s.stream.data(), D});
  s.site.begin(layer, kDown, block, s.stream.data());
  const T* gate_up = of.gate_up.data() + block.first * 2 * mlp_width;
  for (size_t first = 0; first < mlp_width; first += kHiddenColumns) {
    const size_t last = std::min(first + kHiddenColumns, mlp_width);
    s.site.differentiate_input({first / kPanelWidth, last / kPanelWidth}, s.columns.data(), kHiddenColumns);
    for (size_t column = first; column < last; column += kSwigluTile) {
      const T* gates = gate_up + 2 * column;
      T* to = s.outputs.data() + 2 * column;
      silu_mul_backward({gates, gates + kSwigluTile, 2 * mlp_width},
                        {s.columns.data() + column - first, kHiddenColumns}, M, kSwigluTile,
                        {to, to + kSwigluTile, 2 * mlp_width}, {s.inputs.data() + column, mlp_width});
    }
  }
  s.site.add_weight_sums(s.inputs.data(), sums);

  const float* middle = of.middle.data() + block.first * D;
  const float* gain = net_.layers[layer].post_attention_norm.data();
  rms_norm({gain, D, net_.epsilon}, {middle, D}, M, {s.inputs.data(), D});
  s.site.begin(layer, kGateUp, block, s.outputs.data());
  s.site.differentiate_input({0, D / kPanelWidth}, s.input_gradients.data(), D);
  s.site.add_weight_sums(s.inputs.data(), sums);
  rms_norm_backward({gain, D, net_.epsilon}, {middle, D}, {s.input_gradients.data(), D}, M, {stream, D},
                    network_.trains_all() ? sums + memory_.sums_layout.post_attention_norm : nullptr);
}

// From the residual stream to the attention's outputs, in the order in which differentiate_attention() reads them.
template <class T>
void BackwardPass<T>::differentiate_attention_out(size_t layer, const Range& block, Scratch& s, float* sums) {
  const AttentionShape& shape = net_.attention;
  const size_t M = block.size(), D = net_.D, width = shape.query_width(), head_dim = shape.head_dim,
               group = net_.group_size();
  convert({memory_.gradients.data() + block.first * D, D}, M, D, {s.stream.data(), D});
  s.site.begin(layer, kAttentionOut, block, s.stream.data());
  s.site.differentiate_input({0, width / kPanelWidth}, s.wide.data(), width);
  const T* attended = memory_.layer(layer).attended.data() + block.first * width;
  s.site.add_weight_sums(attended, sums);
  for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
    const size_t first_row = forward_.group_row(kv_head, block.first), column = kv_head * group * head_dim;
    convert({s.wide.data() + column, width}, M, group * head_dim,
            {memory_.out_gradients.data() + first_row * head_dim, group * head_dim});
    for (size_t row = 0; row < M; ++row) {
      dot_heads(s.wide.data() + row * width + column, attended + row * width + column, group, head_dim,
                memory_.dots.data() + first_row + row * group);
    }
  }
}

// Nothing comes back to these outputs of the attention.
template <class T>
void BackwardPass<T>::leave_out(const Range& block) {
  const AttentionShape& shape = net_.attention;
  const size_t count = block.size() * net_.group_size();
  for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
    const size_t row = forward_.group_row(kv_head, block.first);
    std::fill_n(memory_.out_gradients.data() + row * shape.head_dim, count * shape.head_dim, T());
    std::fill_n(memory_.dots.data() + row, count, 0.0f);
  }
}

template <class T>
void BackwardPass<T>::differentiate_attention(size_t layer) {
  const AttentionShape& shape = net_.attention;
  const LayerActivations<T>& of = memory_.layer(layer);
  const size_t group = net_.group_size(), head_dim = shape.head_dim, key_width = shape.key_width();
  parallel_for(attention_tasks_.size(), [&](size_t i, int worker) {
    check_interrupted();
    const AttentionTask& task = attention_tasks_[i];
    const PackedBatch::Sequence& sequence = batch_.sequences[task.sequence];
    const size_t row = forward_.group_row(task.kv_head, sequence.first),
                 key = sequence.first * key_width + task.kv_head * head_dim;
    const AttentionGroup<T> in{.num_tokens = sequence.num_tokens(),
                               .group = group,
                               .head_dim = head_dim,
                               .queries = of.queries.data() + row * head_dim,
                               .out_gradients = memory_.out_gradients.data() + row * head_dim,
                               .log_sums = of.log_sums.data() + row,
                               .dots = memory_.dots.data() + row,
                               .keys = of.keys.data() + key,
                               .values = of.values.data() + key,
                               .key_stride = key_width};
    const AttentionGradients out{.queries = memory_.query_gradients[task.part].data() + row * head_dim,
                                 .keys = memory_.key_gradients.data() + key,
                                 .values = memory_.value_gradients.data() + key,
                                 .key_stride = key_width};
    const size_t first_row = task.first_key * group;
    std::fill_n(out.queries + first_row * head_dim, (in.num_tokens * group - first_row) * head_dim, 0.0f);
    scratch(worker).attention.run(in, task.first_key, task.last_key, out);
  });
}

// Gradients of queries, keys and values before rotation and scaling: [tokens of the block, qkv_width].
template <class T>
void BackwardPass<T>::gather_qkv_gradients(const Range& block, float* qkv) const {
  const AttentionShape& shape = net_.attention;
  const size_t M = block.size(), width = net_.qkv_width, key_width = shape.key_width(), head_dim = shape.head_dim,
               query_width = shape.query_width(), group_width = query_width / shape.num_kv_heads;
  size_t sequence = 0;
  for (size_t token = block.first; token < block.last; ++token) {
    while (batch_.sequences[sequence].last <= token) ++sequence;
    const size_t num_parts = batch_.positions[token] / part_keys_[sequence] + 1;
    float* row = qkv + (token - block.first) * width;
    for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
      const size_t from = forward_.group_row(kv_head, token) * head_dim;
      float* to = row + kv_head * group_width;
      std::copy_n(memory_.query_gradients[0].data() + from, group_width, to);
      for (size_t part = 1; part < num_parts; ++part) {
        add(to, memory_.query_gradients[part].data() + from, group_width, to);
      }
    }
    std::copy_n(memory_.key_gradients.data() + token * key_width, key_width, row + query_width);
    std::copy_n(memory_.value_gradients.data() + token * key_width, key_width, row + query_width + key_width);
  }
  const Rotation back = rotations_back_.rotation();
  const Positions positions{.first = block.first, .period = M};
  rotate(back, {qkv, width}, M, shape.num_heads, positions, net_.score_scale());
  rotate(back, {qkv + query_width, width}, M, shape.num_kv_heads, positions, 1 / kQueryScaleBase);
}

template <class T>
void BackwardPass<T>::sum_bias_gradients(const Range& block, const float* qkv, float* sums) const {
  float* to = sums + memory_.sums_layout.qkv_bias;
  for (size_t row = 0; row < block.size(); ++row) add(to, qkv + row * net_.qkv_width, net_.qkv_width, to);
}

template <class T>
void BackwardPass<T>::differentiate_projection(size_t layer, const Range& block, Scratch& s, float* sums) {
  const size_t M = block.size(), D = net_.D, width = net_.qkv_width;
  gather_qkv_gradients(block, s.wide.data());
  if (network_.trains_all()) sum_bias_gradients(block, s.wide.data(), sums);
  convert({s.wide.data(), width}, M, width, {s.outputs.data(), width});
  const float* x = memory_.input(layer) + block.first * D;
  const float* gain = net_.layers[layer].input_norm.data();
  rms_norm({gain, D, net_.epsilon}, {x, D}, M, {s.inputs.data(), D});
  s.site.begin(layer, kQkv, block, s.outputs.data());
  s.site.add_weight_sums(s.inputs.data(), sums);
  if (layer == 0 && !network_.trains_all()) return;  // nothing below is trained
  s.site.differentiate_input({0, D / kPanelWidth}, s.input_gradients.data(), D);
  rms_norm_backward({gain, D, net_.epsilon}, {x, D}, {s.input_gradients.data(), D}, M,
                    {memory_.gradients.data() + block.first * D, D},
                    network_.trains_all() ? sums + memory_.sums_layout.input_norm : nullptr);
}

template <class T>
void BackwardPass<T>::finish_site(size_t layer, size_t site) {
  const SiteShape& shape = network_.sites()[site];
  if (network_.trains_all()) {
    add_weight_gradients(network_, layer, site, batch_.tokens.size(), memory_);
    const auto& numbers = network_.numbers().layers[layer];
    if (site == kQkv) {
      add_vector_sums(numbers.input_norm, memory_.sums_layout.input_norm);
      size_t offset = memory_.sums_layout.qkv_bias;
      for (const size_t bias : numbers.biases[kQkv]) {
        add_vector_sums(bias, offset);
        offset += network_.store()[bias].value.size();
      }
    } else if (site == kGateUp) {
      add_vector_sums(numbers.post_attention_norm, memory_.sums_layout.post_attention_norm);
    }
    return;
  }
  const LoraSite<T>& lora = network_.layer(layer).lora[site];
  if (!lora.is_trained()) return;
  std::vector<float*> sums;
  for (size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
    sums.push_back(memory_.sums[chunk].data() + memory_.sums_layout.lora[site]);
  }
  lora.add_sums(shape, sums, network_.store());
}

// Moves the chunks' sums of a vector to its gradient.
template <class T>
void BackwardPass<T>::add_vector_sums(size_t parameter, size_t sums_offset) {
  const std::span<float> gradient = network_.store()[parameter].gradient;
  for (size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
    float* sums = memory_.sums[chunk].data() + sums_offset;
    for (size_t i = 0; i < gradient.size(); ++i) gradient[i] += sums[i];
    std::fill_n(sums, gradient.size(), 0.0f);
  }
}

template <class T>
void BackwardPass<T>::add_embedding_gradients() {
  constexpr size_t kParts = 16;  // of the vocabulary: a row of the table is added to in the order of the tokens
  const std::span<float> gradient = network_.store()[network_.numbers().embedding].gradient;
  const size_t D = net_.D;
  parallel_for(kParts, [&](size_t part, int) {
    for (size_t token = 0; token < batch_.tokens.size(); ++token) {
      const auto id = static_cast<size_t>(batch_.tokens[token]);
      if (id % kParts != part) continue;
      add(gradient.data() + id * D, memory_.gradients.data() + token * D, D, gradient.data() + id * D);
    }
  });
}

template class BackwardPass<float>;
template class BackwardPass<BFloat16>;

}  // namespace manyshot::train
