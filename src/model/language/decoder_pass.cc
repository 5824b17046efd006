#include "model/language/decoder_pass.h"

#include <algorithm>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/elementwise.h"
#include "model/decoder/steps.h"
#include "model/language/attention_scratch.h"

namespace manyshot {

using kernels::AlignedBuffer;
using kernels::attend_tile;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::finish_attention;
using kernels::kKeyTile;
using kernels::rms_norm;
using kernels::RunningAttention;
using kernels::start_attention;

namespace {

// Tokens that go through a layer together: enough for the matrix products, few enough to stay in the second-level
// cache.
constexpr size_t kBlockTokens = 128, kLeastBlockTokens = 16;

size_t block_tokens(size_t num_tokens) {
  return std::clamp(num_tokens / (4 * static_cast<size_t>(num_threads())), kLeastBlockTokens, kBlockTokens);
}

template <class T>
std::vector<size_t> positions_of(std::span<const PassSequence<T>> sequences) {
  std::vector<size_t> positions;
  for (const PassSequence<T>& sequence : sequences) {
    for (size_t i = 0; i < sequence.tokens.size(); ++i) positions.push_back(sequence.first_position + i);
  }
  return positions;
}

}  // namespace

// One thread's scratch memory.
template <class T>
struct DecoderPass<T>::Workspace {
  Workspace(const DecoderNetwork<T>& net, size_t tokens)
      : normed(tokens * net.D),
        attended(tokens * net.attention.query_width()),
        hidden(tokens * net.mlp_width),
        qkv(tokens * net.qkv_width),
        gate_up(tokens * 2 * kSwigluTile),
        attention(net, tokens) {}

  AlignedBuffer<T> normed, attended, hidden;
  AlignedBuffer<float> qkv, gate_up;
  AttentionScratch attention;
};

template <class T>
DecoderPass<T>::DecoderPass(const DecoderNetwork<T>& net, std::span<const PassSequence<T>> sequences)
    : net_(net), rotations_(net.rope.rotations(positions_of(sequences))) {
  for (const PassSequence<T>& sequence : sequences) {
    for (size_t i = 0; i < sequence.tokens.size(); ++i) {
      tokens_.push_back({sequence.tokens[i], sequence.first_position + i, sequence.segment});
    }
  }
  x_ = AlignedBuffer<float>(tokens_.size() * net.D);
  queries_ = AlignedBuffer<T>(tokens_.size() * net.attention.query_width());
  const size_t step = block_tokens(tokens_.size());
  for (size_t first = 0; first < tokens_.size(); first += step) {
    const size_t last = std::min(first + step, tokens_.size());
    blocks_.push_back({first, last, tile_runs(first, last)});
  }
}

template <class T>
auto DecoderPass<T>::tile_runs(size_t first, size_t last) const -> std::vector<TileRun> {
  size_t farthest = 0;
  for (size_t token = first; token < last; ++token) farthest = std::max(farthest, tokens_[token].position);
  std::vector<TileRun> runs;
  for (size_t tile = 0; tile * kKeyTile <= farthest; ++tile) {
    bool goes_on = false;  // the run of the token before
    for (size_t token = first; token < last; ++token) {
      const bool sees_tile = tokens_[token].position >= tile * kKeyTile;
      if (sees_tile) {
        const KvSegment<T>* owner = tokens_[token].segment->owner(tile);
        if (goes_on && runs.back().owner == owner) {
          runs.back().last = token + 1;
        } else {
          runs.push_back({owner, tile, token, token + 1});
        }
      }
      goes_on = sees_tile;
    }
  }
  return runs;
}

template <class T>
void DecoderPass<T>::run(std::span<const size_t> wanted, T* hidden) {
  std::vector<std::unique_ptr<Workspace>> workspaces(static_cast<size_t>(num_threads()));
  const auto for_blocks = [&](const auto& task) {
    parallel_for(blocks_.size(), [&](size_t i, int worker) {
      check_interrupted();
      auto& work = workspaces[static_cast<size_t>(worker)];
      if (!work) work = std::make_unique<Workspace>(net_, blocks_[0].last - blocks_[0].first);
      task(blocks_[i], *work);
    });
  };
  for_blocks([&](const Block& block, Workspace& work) {
    for (size_t token = block.first; token < block.last; ++token) net_.embed(tokens_[token].id, x(token));
    project(0, block, work);
  });
  for (size_t layer = 0; layer + 1 < net_.num_layers; ++layer) {
    for_blocks([&](const Block& block, Workspace& work) {
      attend(layer, block, work);
      finish(net_.layers[layer], block, work);
      project(layer + 1, block, work);
    });
  }
  for_blocks([&](const Block& block, Workspace& work) {
    const auto begin = std::lower_bound(wanted.begin(), wanted.end(), block.first);
    const auto end = std::lower_bound(begin, wanted.end(), block.last);
    if (begin == end) return;
    attend(net_.num_layers - 1, block, work);
    finish(net_.layers.back(), block, work);
    for (auto token = begin; token != end; ++token) {
      rms_norm({net_.final_norm.data(), net_.D, net_.epsilon}, {x(*token), net_.D}, 1,
               {hidden + static_cast<size_t>(token - wanted.begin()) * net_.D, net_.D});
    }
  });
}

// Queries, keys and values of a layer. The queries wait in queries_, keys and values go to the segments.
template <class T>
void DecoderPass<T>::project(size_t layer, const Block& block, Workspace& work) {
  const AttentionShape& shape = net_.attention;
  const size_t M = block.last - block.first, width = net_.qkv_width, query_width = shape.query_width();
  float* qkv = work.qkv.data();
  project_qkv<T>(net_, qkv_weights(net_.layers[layer]), rotations_.rotation(),
                 {x(block.first), M, {.first = block.first, .period = M}}, work.normed.data(), qkv);

  const size_t group_width = query_width / shape.num_kv_heads;
  for (size_t row = 0; row < M; ++row) {
    const float* from = qkv + row * width;
    for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
      T* to = queries_.data() + block.first * query_width + (kv_head * M + row) * group_width;
      std::transform(from + kv_head * group_width, from + (kv_head + 1) * group_width, to,
                     [](float q) { return T(q); });
    }
    const Token& token = tokens_[block.first + row];
    if (token.position == token.segment->begin()) token.segment->begin_layer(layer);
    token.segment->set(layer, token.position, from + query_width, from + query_width + shape.key_width());
  }
}

template <class T>
void DecoderPass<T>::attend(size_t layer, const Block& block, Workspace& work) {
  const AttentionShape& shape = net_.attention;
  const size_t M = block.last - block.first, head_dim = shape.head_dim, group = net_.group_size();
  const T* queries = queries_.data() + block.first * shape.query_width();
  for (size_t kv_head = 0; kv_head < shape.num_kv_heads; ++kv_head) {
    const RunningAttention<T> rows = work.attention.rows(queries + kv_head * M * group * head_dim);
    start_attention(rows, M * group, head_dim);
    for (const TileRun& run : block.runs) {
      const size_t count = run.last - run.first;
      for (size_t i = 0; i < count; ++i) {
        work.attention.see(i, tokens_[run.first + i].position + 1 - run.tile * kKeyTile);
      }
      attend_tile(rows.from((run.first - block.first) * group, head_dim), count * group, head_dim,
                  run.owner->tile(layer, run.tile, kv_head), work.attention.visible());
    }
    for (size_t row = 0; row < M; ++row) {
      finish_attention(rows.from(row * group, head_dim), group, head_dim,
                       {work.attended.data() + row * shape.query_width() + kv_head * group * head_dim, head_dim});
    }
  }
}

// What follows the attention, on the residual stream.
template <class T>
void DecoderPass<T>::finish(const DecoderLayer<T>& layer, const Block& block, Workspace& work) {
  finish_layer<T>(net_, layer, work.attended.data(), block.last - block.first,
                  {work.normed.data(), work.gate_up.data(), work.hidden.data()}, x(block.first));
}

template class DecoderPass<float>;
template class DecoderPass<BFloat16>;

}  // namespace manyshot
