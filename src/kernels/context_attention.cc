#include "kernels/context_attention.h"

#include <algorithm>

#include "kernels/context_softmax.h"
#include "kernels/elementwise_backward.h"
#include "kernels/outer_gemm.h"

namespace manyshot::kernels {
namespace {

// Tokens whose scores stand in memory at a time: few enough for the second-level cache, many enough for the products.
constexpr size_t kTileTokens = 60;

// The first `count` labels of panels of labels.
template <class T>
Panels<T> first_columns(const Panels<T>& columns, size_t count) {
  return columns.range(0, round_up(count, kPanelWidth) / kPanelWidth);
}
template <class T>
Panels<T> first_rows(Panels<T> rows, size_t count) {
  rows.num_rows = round_up(count, 2);
  return rows;
}

}  // namespace

template <class T>
ContextAttention<T>::ContextAttention(const AttentionShape& shape, size_t max_tokens, size_t max_labelled)
    : shape_(shape), padded_(round_up(std::max<size_t>(max_labelled, 1), kPanelWidth)) {
  const size_t head_dim = shape.head_dim, tile = kTileTokens;
  q_ = AlignedBuffer<T>(max_tokens * shape.query_width());
  k_ = AlignedBuffer<T>(max_tokens * shape.key_width());
  v_ = AlignedBuffer<T>(max_tokens * shape.key_width());
  dout_ = AlignedBuffer<T>(max_tokens * shape.query_width());
  for (auto* panels : {&key_columns_, &value_columns_, &key_rows_, &value_rows_}) {
    *panels = AlignedBuffer<T>(padded_ * head_dim);
  }
  scores_ = AlignedBuffer<float>(tile * padded_);
  dweights_ = AlignedBuffer<float>(tile * padded_);
  for (auto* scores : {&weights_, &dscores_, &weight_panels_, &dscore_panels_}) {
    *scores = AlignedBuffer<T>(packed_rows_size(tile, padded_));
  }
  q_panels_ = AlignedBuffer<T>(packed_rows_size(tile, head_dim));
  dout_panels_ = AlignedBuffer<T>(packed_rows_size(tile, head_dim));
  sums_ = AlignedBuffer<float>(tile * head_dim);
  deltas_ = AlignedBuffer<float>(max_tokens * shape.num_heads);
  own_ = AlignedBuffer<float>(tile * kOwnScores);
}

template <class T>
size_t ContextAttention<T>::bytes(const AttentionShape& shape, size_t max_tokens, size_t max_labelled) {
  const size_t padded = round_up(std::max<size_t>(max_labelled, 1), kPanelWidth), head_dim = shape.head_dim;
  const size_t of_T = max_tokens * 2 * (shape.query_width() + shape.key_width()) + 4 * padded * head_dim +
                      4 * kTileTokens * padded + 2 * kTileTokens * head_dim;
  const size_t of_f32 = 2 * kTileTokens * padded + kTileTokens * (head_dim + kOwnScores) + max_tokens * shape.num_heads;
  return of_T * sizeof(T) + of_f32 * sizeof(float);
}

template <class T>
void ContextAttention<T>::convert_inputs(const SummaryTokens& tokens, const AttentionInput& in) {
  const size_t M = tokens.size(), width = shape_.query_width(), key_width = shape_.key_width();
  convert({in.q, in.q_stride}, M, width, {q_.data(), width});
  convert({in.k, in.kv_stride}, M, key_width, {k_.data(), key_width});
  convert({in.v, in.kv_stride}, M, key_width, {v_.data(), key_width});
}

// Tiles do not mix labelled rows and queries.
template <class T>
SummaryTile ContextAttention<T>::tile_from(const SummaryTokens& tokens, size_t first) const {
  const size_t end = tokens.is_query(first) ? tokens.size() : 2 * tokens.num_labelled;
  const size_t count = std::min(kTileTokens, end - first);
  return {.tokens = tokens,
          .first = first,
          .count = count,
          .most = tokens.visible_labels(first + count - 1),
          .padded = padded_};
}

template <class T>
HeadView ContextAttention<T>::head_view(const AttentionInput& in, size_t head) const {
  const size_t kv_at = head / (shape_.num_heads / shape_.num_kv_heads) * shape_.head_dim;
  return {{in.q + head * shape_.head_dim, in.q_stride},
          {in.k + kv_at, in.kv_stride},
          {in.v + kv_at, in.kv_stride},
          shape_.head_dim};
}

// Labels are every other token from 1 on.
template <class T>
Panels<T> ContextAttention<T>::label_columns(const T* values, size_t num_labelled, size_t kv_head,
                                             AlignedBuffer<T>& memory) const {
  const size_t width = shape_.key_width();
  return pack_columns({values + width + kv_head * shape_.head_dim, 2 * width}, num_labelled, shape_.head_dim,
                      memory.data());
}

template <class T>
Panels<T> ContextAttention<T>::label_rows(const T* values, size_t num_labelled, size_t kv_head,
                                          AlignedBuffer<T>& memory) const {
  const size_t width = shape_.key_width();
  return pack_rows({values + width + kv_head * shape_.head_dim, 2 * width}, num_labelled, shape_.head_dim,
                   memory.data());
}

template <class T>
void ContextAttention<T>::forward(const SummaryTokens& tokens, const AttentionInput& in, Rows<T> out, float* log_sums) {
  convert_inputs(tokens, in);
  const size_t head_dim = shape_.head_dim, group = shape_.num_heads / shape_.num_kv_heads;
  Panels<T> keys, values;
  float inverse[kTileTokens];
  for (size_t head = 0; head < shape_.num_heads; ++head) {
    if (head % group == 0) {
      keys = label_columns(k_.data(), tokens.num_labelled, head / group, key_columns_);
      values = label_rows(v_.data(), tokens.num_labelled, head / group, value_rows_);
    }
    const HeadView view = head_view(in, head);
    const Rows<const T> q{q_.data() + head * head_dim, shape_.query_width()};
    const TileWeights<T> weights{weights_.data(), own_.data(), inverse, {log_sums + head, shape_.num_heads}};
    for (size_t first = 0; first < tokens.size();) {
      const SummaryTile tile = tile_from(tokens, first);
      gemm(q.from(first), tile.count, first_columns(keys, tile.most), {scores_.data(), padded_}, Store::kOverwrite);
      softmax_tile(tile, view, scores_.data(), weights);
      gemm({weights_.data(), padded_}, tile.count, first_rows(values, tile.most), {sums_.data(), head_dim},
           Store::kOverwrite);
      finish_tile(tile, view, sums_.data(), weights, out.from(0, head * head_dim));
      first += tile.count;
    }
  }
}

template <class T>
void ContextAttention<T>::backward(const SummaryTokens& tokens, const AttentionInput& in, Rows<const T> out,
                                   const float* log_sums, Rows<const float> dout, const AttentionGradient& gradient) {
  convert_inputs(tokens, in);
  convert(dout, tokens.size(), shape_.query_width(), Rows<T>{dout_.data(), shape_.query_width()});
  for (size_t token = 0; token < tokens.size(); ++token) {
    std::fill_n(gradient.k + token * gradient.kv_stride, shape_.key_width(), 0.0f);
    std::fill_n(gradient.v + token * gradient.kv_stride, shape_.key_width(), 0.0f);
  }
  const size_t head_dim = shape_.head_dim, group = shape_.num_heads / shape_.num_kv_heads;
  for (size_t head = 0; head < shape_.num_heads; ++head) {
    if (head % group == 0) {
      label_columns(k_.data(), tokens.num_labelled, head / group, key_columns_);
      label_columns(v_.data(), tokens.num_labelled, head / group, value_columns_);
      label_rows(k_.data(), tokens.num_labelled, head / group, key_rows_);
    }
    const size_t q_at = head * head_dim;
    output_dots(tokens.size(), head_dim, dout.from(0, q_at), out.from(0, q_at),
                {deltas_.data() + head, shape_.num_heads});
    for (size_t first = 0; first < tokens.size();) {
      const SummaryTile tile = tile_from(tokens, first);
      backward_tile(in, tile, head, log_sums, dout.from(0, q_at), gradient);
      first += tile.count;
    }
  }
}

// `dout` begins at the head's values.
template <class T>
void ContextAttention<T>::backward_tile(const AttentionInput& in, const SummaryTile& tile, size_t head,
                                        const float* log_sums, Rows<const float> dout,
                                        const AttentionGradient& gradient) {
  const size_t head_dim = shape_.head_dim, group = shape_.num_heads / shape_.num_kv_heads;
  const size_t q_at = head * head_dim, kv_at = head / group * head_dim;
  const size_t N = tile.tokens.num_labelled, labels = round_up(N, kPanelWidth) / kPanelWidth;
  const Panels<T> keys{key_columns_.data(), head_dim, labels, kPanelWidth, head_dim * kPanelWidth};
  const Panels<T> values{value_columns_.data(), head_dim, labels, kPanelWidth, head_dim * kPanelWidth};
  const Panels<T> key_rows{key_rows_.data(), round_up(N, 2), head_dim / kPanelWidth, kPanelWidth,
                           round_up(N, 2) * kPanelWidth};
  const HeadView view = head_view(in, head);
  const AttentionGradient to{gradient.q + q_at, gradient.k + kv_at, gradient.v + kv_at, gradient.q_stride,
                             gradient.kv_stride};
  const Rows<const T> q = Rows<const T>{q_.data(), shape_.query_width()}.from(tile.first, q_at);
  const Rows<const T> given = Rows<const T>{dout_.data(), shape_.query_width()}.from(tile.first, q_at);

  gemm(q, tile.count, first_columns(keys, tile.most), {scores_.data(), padded_}, Store::kOverwrite);
  gemm(given, tile.count, first_columns(values, tile.most), {dweights_.data(), padded_}, Store::kOverwrite);
  softmax_gradient_tile(tile, view,
                        TileGradient<T>{.scores = scores_.data(),
                                        .dweights = dweights_.data(),
                                        .log_sums = {log_sums + head, shape_.num_heads},
                                        .deltas = {deltas_.data() + head, shape_.num_heads},
                                        .dout = dout,
                                        .weights = weights_.data(),
                                        .dscores = dscores_.data(),
                                        .own = own_.data()});
  gemm({dscores_.data(), padded_}, tile.count, first_rows(key_rows, tile.most),
       {to.q + tile.first * to.q_stride, to.q_stride}, Store::kOverwrite);
  if (tile.most > 0) {
    const Panels<T> weights = pack_rows({weights_.data(), padded_}, tile.count, tile.width(), weight_panels_.data());
    const Panels<T> dscores = pack_rows({dscores_.data(), padded_}, tile.count, tile.width(), dscore_panels_.data());
    const Panels<T> queries = pack_rows(q, tile.count, head_dim, q_panels_.data());
    const Panels<T> givens = pack_rows(given, tile.count, head_dim, dout_panels_.data());
    outer_gemm(dscores, tile.most, queries, {to.k + to.kv_stride, 2 * to.kv_stride}, Store::kAdd);
    outer_gemm(weights, tile.most, givens, {to.v + to.kv_stride, 2 * to.kv_stride}, Store::kAdd);
  }
  own_gradients(tile, view, dout, own_.data(), to);
}

template class ContextAttention<float>;
template class ContextAttention<BFloat16>;

}  // namespace manyshot::kernels
