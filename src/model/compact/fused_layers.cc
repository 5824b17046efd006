#include "model/compact/fused_layers.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "model/compact/compact_prompt.h"
#include "model/compact/last_row_layer.h"
#include "model/decoder/steps.h"

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
using kernels::row_attention;
using kernels::row_attention_scratch;
using kernels::Store;

namespace {

// Tokens that go through the row layers together: enough for the matrix products, few enough to stay in the
// second-level cache.
constexpr size_t kBlockTokens = 128;

size_t rows_per_block(const RowBatch& rows) { return std::max<size_t>(1, kBlockTokens / rows.row_tokens()); }

}  // namespace

template <class Act>
FusedWorkspace<Act>::FusedWorkspace(const FusedNetwork<Act>& net, const RowBatch& rows, size_t task_rows,
                                    size_t num_labels, bool are_numbers) {
  const size_t block_rows = std::min(rows_per_block(rows), task_rows), block = block_rows * rows.row_tokens();
  const size_t summaries = task_rows * rows.summary_tokens;
  const size_t tokens = std::max(block, summaries);
  const size_t query_width = net.query_width();
  x = AlignedBuffer<float>(block * net.D);
  summary_x = AlignedBuffer<float>(summaries * net.D);
  normed = AlignedBuffer<Act>(tokens * net.D);
  summary_normed = AlignedBuffer<Act>(block_rows * rows.summary_tokens * net.D);
  qkv = AlignedBuffer<float>(tokens * net.qkv_width);
  attended = AlignedBuffer<Act>(tokens * query_width);
  summary_attended = AlignedBuffer<Act>(summaries * query_width);
  gate_up = AlignedBuffer<float>(tokens * 2 * kSwigluTile);
  hidden = AlignedBuffer<Act>(tokens * net.mlp_width);
  attention = AlignedBuffer<float>(std::max(row_attention_scratch(net.attention, rows.row_tokens()),
                                            context_attention_scratch(net.attention, num_labels)));
  label_input = AlignedBuffer<float>(task_rows * net.D);
  logits = AlignedBuffer<float>(task_rows * net.head(are_numbers).panels().num_panels * kPanelWidth);
}

template <class Act>
void FusedLayers<Act>::row_layers(const RowBatch& rows, float* x) {
  const size_t step = rows_per_block(rows);
  for (size_t first = 0; first < rows.count; first += step) {
    row_block(rows.slice(first, std::min(rows.count, first + step)), first * rows.summary_tokens, x);
  }
  finish(net_.last_row_layer(), work_.summary_attended.data(), x, rows.num_summaries());
}

template <class Act>
void FusedLayers<Act>::embed(const RowBatch& rows, float* x) {
  const TokenId* token = rows.tokens;
  for (size_t row = 0; row < rows.count; ++row) {
    for (size_t place = 0; place < rows.row_tokens(); ++place, ++token, x += net_.D) {
      const TokenSum sum = token_sum(net_.config, *token, place, rows.num_features);
      std::copy_n(net_.token_vector(sum.first), net_.D, x);
      if (sum.second >= 0) add(x, net_.token_vector(sum.second), net_.D, x);
      if (sum.column >= 0) add(x, net_.token_vector(sum.column), net_.D, x);
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
  for (const DecoderLayer<Act>& layer : net_.whole_row_layers()) {
    project(layer, x, M, {.first = 0, .period = T}, work_.qkv.data());
    for (size_t row = 0; row < rows.count; ++row) {
      row_attention(net_.attention, qkv_input(work_.qkv.data() + row * T * net_.qkv_width, net_.qkv_width), T,
                    /*first_query=*/0, work_.attention.data(), {work_.attended.data() + row * T * width, width});
    }
    finish(layer, work_.attended.data(), x, M);
  }
  last_row_attention(rows, first_summary);
  for (size_t row = 0; row < rows.count; ++row) {
    std::copy_n(x + ((row + 1) * T - S) * net_.D, S * net_.D, summary_x + (first_summary + row * S) * net_.D);
  }
}

// In the last row layer every token is read as a key, but only the summaries go on.
template <class Act>
void FusedLayers<Act>::last_row_attention(const RowBatch& rows, size_t first_summary) {
  const DecoderLayer<Act>& layer = net_.last_row_layer();
  const AttentionShape& shape = net_.attention;
  const size_t T = rows.row_tokens(), S = rows.summary_tokens;
  const size_t width = shape.query_width(), key_width = shape.key_width();
  const RowTokens tokens{.num_rows = rows.count, .row_tokens = T, .queries = S};
  float* keys = work_.qkv.data();                         // [M, keys and values]
  float* queries = keys + tokens.size() * 2 * key_width;  // [summaries, queries]
  project_last_row_layer<Act>(net_, qkv_weights(layer), net_.rotations.rotation(), work_.x.data(), tokens,
                              {work_.normed.data(), work_.summary_normed.data(), queries, keys});

  for (size_t row = 0; row < rows.count; ++row) {
    const float* k = keys + row * T * 2 * key_width;
    row_attention(shape, {queries + row * S * width, k, k + key_width, width, 2 * key_width}, T, T - S,
                  work_.attention.data(), {work_.summary_attended.data() + (first_summary + row * S) * width, width});
  }
}

template <class Act>
void FusedLayers<Act>::project(const DecoderLayer<Act>& layer, const float* x, size_t M, Positions positions,
                               float* qkv) {
  project_qkv<Act>(net_, qkv_weights(layer), net_.rotations.rotation(), {x, M, positions}, work_.normed.data(), qkv);
}

template <class Act>
AttentionInput FusedLayers<Act>::qkv_input(const float* qkv, size_t stride) const {
  const float* k = qkv + net_.attention.query_width();
  return {qkv, k, k + net_.attention.key_width(), stride, stride};
}

template <class Act>
void FusedLayers<Act>::context_layer(const DecoderLayer<Act>& layer, const LabelCache& labels, const AttentionInput& in,
                                     const ContextTokens& tokens, float* x) {
  context_attention(net_.attention, labels, in, tokens, work_.attention.data(),
                    {work_.attended.data(), net_.query_width()});
  finish(layer, work_.attended.data(), x, tokens.num_tokens);
}

// What follows the attention, on x [M, D].
template <class Act>
void FusedLayers<Act>::finish(const DecoderLayer<Act>& layer, const Act* attended, float* x, size_t M) {
  finish_layer<Act>(net_, layer, attended, M, {work_.normed.data(), work_.gate_up.data(), work_.hidden.data()}, x);
}

template <class Act>
void FusedLayers<Act>::answers(const float* x, size_t M, const PromptAnswers& answers, float* out) {
  rms_norm({net_.final_norm.data(), net_.D, net_.epsilon}, {x, net_.D}, M, {work_.label_input.data(), net_.D});
  const Panels<float>& head = net_.head(answers.are_numbers).panels();
  const size_t width = head.num_panels * kPanelWidth, count = answers.places.size();
  gemm({work_.label_input.data(), net_.D}, M, head, {work_.logits.data(), width}, Store::kOverwrite);
  for (size_t row = 0; row < M; ++row) {
    answer_log_likelihoods({work_.logits.data() + row * width, net_.num_answers(answers.are_numbers)}, answers.places,
                           {out + row * count, count});
  }
}

template struct FusedWorkspace<float>;
template struct FusedWorkspace<BFloat16>;
template class FusedLayers<float>;
template class FusedLayers<BFloat16>;

}  // namespace manyshot
