#include "model/compact/fused_layers.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "model/compact/compact_prompt.h"

namespace manyshot {

using kernels::add;
using kernels::AlignedBuffer;
using kernels::AttentionInput;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::context_attention;
using kernels::context_attention_scratch;
using kernels::ContextTokens;
using kernels::gemm;
using kernels::kPanelWidth;
using kernels::LabelCache;
using kernels::Panels;
using kernels::Positions;
using kernels::rms_norm;
using kernels::rotate;
using kernels::row_attention;
using kernels::row_attention_scratch;
using kernels::silu_mul;
using kernels::Store;

namespace {

// Tokens that go through the row layers together: enough for the matrix products, few enough to stay in the
// second-level cache.
constexpr size_t kBlockTokens = 128;

size_t rows_per_block(const RowBatch& rows) { return std::max<size_t>(1, kBlockTokens / rows.row_tokens()); }

}  // namespace

template <class Act>
FusedWorkspace<Act>::FusedWorkspace(const FusedNetwork<Act>& net, const RowBatch& rows, size_t task_rows,
                                    size_t num_labels) {
  const size_t block_rows = std::min(rows_per_block(rows), task_rows), block = block_rows * rows.row_tokens();
  const size_t summaries = task_rows * rows.summary_tokens;
  const size_t tokens = std::max(block, summaries);
  const size_t query_width = net.attention.query_width();
  x = AlignedBuffer<float>(block * net.D);
  summary_x = AlignedBuffer<float>(summaries * net.D);
  normed = AlignedBuffer<Act>(tokens * net.D);
  summary_normed = AlignedBuffer<Act>(block_rows * rows.summary_tokens * net.D);
  qkv = AlignedBuffer<float>(tokens * net.qkv_width);
  attended = AlignedBuffer<Act>(tokens * query_width);
  summary_attended = AlignedBuffer<Act>(summaries * query_width);
  gate_up = AlignedBuffer<float>(tokens * 2 * kMlpTile);
  hidden = AlignedBuffer<Act>(tokens * net.mlp_width);
  attention = AlignedBuffer<float>(std::max(row_attention_scratch(net.attention, rows.row_tokens()),
                                            context_attention_scratch(net.attention, num_labels)));
  label_input = AlignedBuffer<float>(task_rows * net.D);
  logits = AlignedBuffer<float>(task_rows * net.label_head.panels().num_panels * kPanelWidth);
}

template <class Act>
void FusedLayers<Act>::row_layers(const RowBatch& rows, float* x) {
  const size_t step = rows_per_block(rows);
  for (size_t first = 0; first < rows.count; first += step) {
    row_block(rows.slice(first, std::min(rows.count, first + step)), first * rows.summary_tokens, x);
  }
  finish_layer(net_.last_row_layer(), work_.summary_attended.data(), x, rows.num_summaries());
}

template <class Act>
void FusedLayers<Act>::embed(const RowBatch& rows, float* x) {
  const TokenId first_column = net_.config.column_tokens.first;
  const TokenId* token = rows.tokens;
  for (size_t row = 0; row < rows.count; ++row) {
    for (size_t place = 0; place < rows.row_tokens(); ++place, ++token, x += net_.D) {
      if (place < rows.num_features) {
        add(net_.token_vector(*token), net_.token_vector(first_column + static_cast<TokenId>(place)), net_.D, x);
      } else {
        std::copy_n(net_.token_vector(*token), net_.D, x);
      }
    }
  }
}

// All row layers but the end of the last one, whose attention at the summaries goes to summary_attended.
template <class Act>
void FusedLayers<Act>::row_block(const RowBatch& rows, size_t first_summary, float* summary_x) {
  const size_t T = rows.row_tokens(), S = rows.summary_tokens, M = rows.count * T;
  const size_t width = net_.attention.query_width();
  float* x = work_.x.data();
  embed(rows, x);
  for (const PackedLayer<Act>& layer : net_.whole_row_layers()) {
    project(layer, x, M, {.first = 0, .period = T}, work_.qkv.data());
    for (size_t row = 0; row < rows.count; ++row) {
      row_attention(net_.attention, qkv_input(work_.qkv.data() + row * T * net_.qkv_width, net_.qkv_width), T,
                    /*first_query=*/0, work_.attention.data(), {work_.attended.data() + row * T * width, width});
    }
    finish_layer(layer, work_.attended.data(), x, M);
  }
  last_row_attention(rows, first_summary);
  for (size_t row = 0; row < rows.count; ++row) {
    std::copy_n(x + ((row + 1) * T - S) * net_.D, S * net_.D, summary_x + (first_summary + row * S) * net_.D);
  }
}

// In the last row layer every token is read as a key, but only the summaries go on.
template <class Act>
void FusedLayers<Act>::last_row_attention(const RowBatch& rows, size_t first_summary) {
  const PackedLayer<Act>& layer = net_.last_row_layer();
  const AttentionShape& shape = net_.attention;
  const size_t T = rows.row_tokens(), S = rows.summary_tokens, M = rows.count * T;
  const size_t width = shape.query_width(), key_width = shape.key_width(), query_panels = width / kPanelWidth;
  rms_norm({layer.input_norm.data(), net_.D, net_.epsilon}, {work_.x.data(), net_.D}, M, {work_.normed.data(), net_.D});

  float* keys = work_.qkv.data();  // [M, keys and values]
  gemm({work_.normed.data(), net_.D}, M, layer.qkv.panels(query_panels, net_.qkv_width / kPanelWidth),
       {keys, 2 * key_width}, Store::kOverwrite);
  rotate(net_.rotation, {keys, 2 * key_width}, M, shape.num_kv_heads, {.first = 0, .period = T}, 1.0f);

  for (size_t row = 0; row < rows.count; ++row) {
    std::copy_n(work_.normed.data() + ((row + 1) * T - S) * net_.D, S * net_.D,
                work_.summary_normed.data() + row * S * net_.D);
  }
  float* queries = keys + M * 2 * key_width;  // [summaries, queries]
  gemm({work_.summary_normed.data(), net_.D}, rows.num_summaries(), layer.qkv.panels(0, query_panels), {queries, width},
       Store::kOverwrite);
  rotate(net_.rotation, {queries, width}, rows.num_summaries(), shape.num_heads, {.first = T - S, .period = S},
         net_.query_scale);

  for (size_t row = 0; row < rows.count; ++row) {
    const float* k = keys + row * T * 2 * key_width;
    row_attention(shape, {queries + row * S * width, k, k + key_width, width, 2 * key_width}, T, T - S,
                  work_.attention.data(), {work_.summary_attended.data() + (first_summary + row * S) * width, width});
  }
}

template <class Act>
void FusedLayers<Act>::project(const PackedLayer<Act>& layer, const float* x, size_t M, Positions positions,
                               float* qkv) {
  const size_t width = net_.qkv_width;
  rms_norm({layer.input_norm.data(), net_.D, net_.epsilon}, {x, net_.D}, M, {work_.normed.data(), net_.D});
  gemm({work_.normed.data(), net_.D}, M, layer.qkv.panels(), {qkv, width}, Store::kOverwrite);
  rotate(net_.rotation, {qkv, width}, M, net_.attention.num_heads, positions, net_.query_scale);
  rotate(net_.rotation, {qkv + net_.attention.query_width(), width}, M, net_.attention.num_kv_heads, positions, 1.0f);
}

template <class Act>
AttentionInput FusedLayers<Act>::qkv_input(const float* qkv, size_t stride) const {
  const float* k = qkv + net_.attention.query_width();
  return {qkv, k, k + net_.attention.key_width(), stride, stride};
}

template <class Act>
void FusedLayers<Act>::context_layer(const PackedLayer<Act>& layer, const LabelCache& labels, const AttentionInput& in,
                                     const ContextTokens& tokens, float* x) {
  context_attention(net_.attention, labels, in, tokens, work_.attention.data(),
                    {work_.attended.data(), net_.attention.query_width()});
  finish_layer(layer, work_.attended.data(), x, tokens.num_tokens);
}

// Output projection and SwiGLU, each added to x [M, D].
template <class Act>
void FusedLayers<Act>::finish_layer(const PackedLayer<Act>& layer, const Act* attended, float* x, size_t M) {
  gemm({attended, net_.attention.query_width()}, M, layer.o.panels(), {x, net_.D}, Store::kAdd);
  rms_norm({layer.post_attention_norm.data(), net_.D, net_.epsilon}, {x, net_.D}, M, {work_.normed.data(), net_.D});
  float* gate_up = work_.gate_up.data();
  for (size_t column = 0; column < net_.mlp_width; column += kMlpTile) {
    const size_t panel = 2 * column / kPanelWidth;
    gemm({work_.normed.data(), net_.D}, M, layer.gate_up.panels(panel, panel + 2 * kMlpTilePanels),
         {gate_up, 2 * kMlpTile}, Store::kOverwrite);
    silu_mul({gate_up, gate_up + kMlpTile, 2 * kMlpTile}, M, kMlpTile, {work_.hidden.data() + column, net_.mlp_width});
  }
  gemm({work_.hidden.data(), net_.mlp_width}, M, layer.down.panels(), {x, net_.D}, Store::kAdd);
}

template <class Act>
void FusedLayers<Act>::answers(const float* x, size_t M, std::span<const int> labels, float* out) {
  rms_norm({net_.final_norm.data(), net_.D, net_.epsilon}, {x, net_.D}, M, {work_.label_input.data(), net_.D});
  const Panels<float>& head = net_.label_head.panels();
  const size_t width = head.num_panels * kPanelWidth;
  gemm({work_.label_input.data(), net_.D}, M, head, {work_.logits.data(), width}, Store::kOverwrite);
  for (size_t row = 0; row < M; ++row) {
    answer_log_likelihoods({work_.logits.data() + row * width, static_cast<size_t>(net_.config.label_tokens.size())},
                           labels, {out + row * labels.size(), labels.size()});
  }
}

template struct FusedWorkspace<float>;
template struct FusedWorkspace<BFloat16>;
template class FusedLayers<float>;
template class FusedLayers<BFloat16>;

}  // namespace manyshot
