#include "model/language/decoder_pass.h"

#include <algorithm>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/elementwise.h"
#include "model/decoder/steps.h"

namespace manyshot {

using kernels::AlignedBuffer;
using kernels::attend_tile;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::finish_attention;
using kernels::gemm;
using kernels::kKeyTile;
using kernels::kPanelWidth;
using kernels::Panels;
using kernels::rms_norm;
using kernels::Rows;
using kernels::RunningAttention;
using kernels::start_attention;
using kernels::Store;

namespace {

// Tokens that go through a layer together: enough for the matrix products, few enough to stay in the second-level
// cache.
constexpr size_t kBlockTokens = 128, kLeastBlockTokens = 16;

size_t block_tokens(size_t num_tokens) {
  const auto threads = static_cast<size_t>(num_threads());
  const size_t step = std::clamp(num_tokens / (4 * threads), kLeastBlockTokens, kBlockTokens);
  return num_tokens <= kBlockTokens && step * (threads - 1) >= num_tokens ? kBlockTokens : step;
}

// Calls task(first, last, worker) for parts of 0 .. count - 1 that begin at multiples of `multiple`, by all threads.
template <class Task>
void share_out(size_t count, size_t multiple, const Task& task) {
  const size_t most_parts = 2 * static_cast<size_t>(num_threads());
  const size_t size = kernels::round_up((count + most_parts - 1) / most_parts, multiple);
  parallel_for((count + size - 1) / size,
               [&](size_t i, int worker) { task(i * size, std::min((i + 1) * size, count), worker); });
}

// gemm() with the columns shared out.
template <class T>
void shared_gemm(Rows<const T> a, size_t M, const Panels<T>& b, Rows<float> c, Store store) {
  constexpr size_t kPanelsTogether = 4;  // that the kernel takes at a time
  share_out(b.num_panels, kPanelsTogether, [&](size_t first, size_t last, int) {
    gemm(a, M, b.range(first, last), c.from(0, first * kPanelWidth), store);
  });
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
  if (blocks_.size() == 1 && num_threads() > 1) return run_shared(wanted, hidden);
  run_blocks(wanted, hidden);
}

template <class T>
void DecoderPass<T>::run_blocks(std::span<const size_t> wanted, T* hidden) {
  Workspaces workspaces(static_cast<size_t>(num_threads()));
  const auto for_blocks = [&](const auto& task) {
    parallel_for(blocks_.size(), [&](size_t i, int worker) {
      check_interrupted();
      auto& work = workspaces[static_cast<size_t>(worker)];
      if (!work) work = std::make_unique<Workspace>(net_, blocks_[0].last - blocks_[0].first);
      task(blocks_[i], *work);
    });
  };
  const auto attend_all = [&](size_t layer, const Block& block, Workspace& work) {
    for (size_t kv_head = 0; kv_head < net_.attention.num_kv_heads; ++kv_head) {
      attend(layer, block, kv_head, work.attention, work.attended.data());
    }
  };
  for_blocks([&](const Block& block, Workspace& work) {
    embed(block);
    project(0, block, work);
  });
  for (size_t layer = 0; layer + 1 < net_.num_layers; ++layer) {
    for_blocks([&](const Block& block, Workspace& work) {
      attend_all(layer, block, work);
      finish(net_.layers[layer], block, work);
      project(layer + 1, block, work);
    });
  }
  for_blocks([&](const Block& block, Workspace& work) {
    const auto first_wanted = std::lower_bound(wanted.begin(), wanted.end(), block.first);
    if (first_wanted == wanted.end() || *first_wanted >= block.last) return;
    attend_all(net_.num_layers - 1, block, work);
    finish(net_.layers.back(), block, work);
    take_wanted(wanted, block, hidden);
  });
}

// Of few tokens: weights are read once, by all threads together.
template <class T>
void DecoderPass<T>::run_shared(std::span<const size_t> wanted, T* hidden) {
  const Block& block = blocks_.front();
  Workspaces workspaces(static_cast<size_t>(num_threads()));
  for (auto& work : workspaces) work = std::make_unique<Workspace>(net_, block.last - block.first);
  Workspace& work = *workspaces.front();
  embed(block);
  for (size_t layer = 0; layer < net_.num_layers; ++layer) {
    check_interrupted();
    project_shared(layer, block, work);
    parallel_for(net_.attention.num_kv_heads, [&](size_t kv_head, int worker) {
      attend(layer, block, kv_head, workspaces[static_cast<size_t>(worker)]->attention, work.attended.data());
    });
    finish_shared(net_.layers[layer], block, workspaces);
  }
  take_wanted(wanted, block, hidden);
}

template <class T>
void DecoderPass<T>::embed(const Block& block) {
  for (size_t token = block.first; token < block.last; ++token) net_.embed(tokens_[token].id, x(token));
}

template <class T>
void DecoderPass<T>::take_wanted(std::span<const size_t> wanted, const Block& block, T* hidden) {
  const auto begin = std::lower_bound(wanted.begin(), wanted.end(), block.first);
  const auto end = std::lower_bound(begin, wanted.end(), block.last);
  for (auto token = begin; token != end; ++token) {
    rms_norm({net_.final_norm.data(), net_.D, net_.epsilon}, {x(*token), net_.D}, 1,
             {hidden + static_cast<size_t>(token - wanted.begin()) * net_.D, net_.D});
  }
}

// Queries, keys and values of a layer.
template <class T>
void DecoderPass<T>::project(size_t layer, const Block& block, Workspace& work) {
  const size_t M = block.last - block.first;
  project_qkv<T>(net_, qkv_weights(net_.layers[layer]), rotations_.rotation(),
                 {x(block.first), M, {.first = block.first, .period = M}}, work.normed.data(), work.qkv.data());
  keep_projected(layer, block, work.qkv.data());
}

template <class T>
void DecoderPass<T>::project_shared(size_t layer, const Block& block, Workspace& work) {
  const size_t M = block.last - block.first;
  const QkvWeights<T> weights = qkv_weights(net_.layers[layer]);
  project_qkv<T>(net_, weights, rotations_.rotation(), {x(block.first), M, {.first = block.first, .period = M}},
                 work.normed.data(), work.qkv.data(), [&](const T* normed, float* qkv) {
                   shared_gemm<T>({normed, net_.D}, M, weights.matrix, {qkv, net_.qkv_width}, Store::kOverwrite);
                 });
  keep_projected(layer, block, work.qkv.data());
}

// The queries wait in queries_, keys and values go to the segments.
template <class T>
void DecoderPass<T>::keep_projected(size_t layer, const Block& block, const float* qkv) {
  const AttentionShape& shape = net_.attention;
  const size_t M = block.last - block.first, width = net_.qkv_width, query_width = shape.query_width();
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

// attended [tokens of the block, query_width] gets the columns of one key head.
template <class T>
void DecoderPass<T>::attend(size_t layer, const Block& block, size_t kv_head, AttentionScratch& scratch, T* attended) {
  const AttentionShape& shape = net_.attention;
  const size_t M = block.last - block.first, head_dim = shape.head_dim, group = net_.group_size();
  const T* queries = queries_.data() + block.first * shape.query_width();
  const RunningAttention<T> rows = scratch.rows(queries + kv_head * M * group * head_dim);
  start_attention(rows, M * group, head_dim);
  for (const TileRun& run : block.runs) {
    const size_t count = run.last - run.first;
    for (size_t i = 0; i < count; ++i) {
      scratch.see(i, tokens_[run.first + i].position + 1 - run.tile * kKeyTile);
    }
    attend_tile(rows.from((run.first - block.first) * group, head_dim), count * group, head_dim,
                run.owner->tile(layer, run.tile, kv_head), scratch.visible());
  }
  for (size_t row = 0; row < M; ++row) {
    finish_attention(rows.from(row * group, head_dim), group, head_dim,
                     {attended + row * shape.query_width() + kv_head * group * head_dim, head_dim});
  }
}

// What follows the attention, on the residual stream.
template <class T>
void DecoderPass<T>::finish(const DecoderLayer<T>& layer, const Block& block, Workspace& work) {
  finish_layer<T>(net_, layer, work.attended.data(), block.last - block.first,
                  {work.normed.data(), work.gate_up.data(), work.hidden.data()}, x(block.first));
}

// finish_layer() with the columns of each product shared out.
template <class T>
void DecoderPass<T>::finish_shared(const DecoderLayer<T>& layer, const Block& block, Workspaces& workspaces) {
  const size_t M = block.last - block.first, D = net_.D, mlp_width = net_.mlp_width;
  Workspace& work = *workspaces.front();
  const Rows<float> stream{x(block.first), D};
  shared_gemm<T>({work.attended.data(), net_.query_width()}, M, layer.o.panels(), stream, Store::kAdd);
  rms_norm({layer.post_attention_norm.data(), D, net_.epsilon}, stream, M, {work.normed.data(), D});
  share_out(mlp_width, kSwigluTile, [&](size_t first, size_t last, int worker) {
    float* gate_up = workspaces[static_cast<size_t>(worker)]->gate_up.data();
    for (size_t column = first; column < last; column += kSwigluTile) {
      const size_t panel = 2 * column / kPanelWidth;
      gemm({work.normed.data(), D}, M, layer.gate_up.panels(panel, panel + 2 * kSwigluTile / kPanelWidth),
           {gate_up, 2 * kSwigluTile}, Store::kOverwrite);
      kernels::silu_mul({gate_up, gate_up + kSwigluTile, 2 * kSwigluTile}, M, kSwigluTile,
                        {work.hidden.data() + column, mlp_width});
    }
  });
  shared_gemm<T>({work.hidden.data(), mlp_width}, M, layer.down.panels(), stream, Store::kAdd);
}

template class DecoderPass<float>;
template class DecoderPass<BFloat16>;

}  // namespace manyshot
