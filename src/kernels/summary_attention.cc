#include "kernels/summary_attention.h"

#include <algorithm>

#include "kernels/elementwise_backward.h"
#include "kernels/outer_gemm.h"
#include "kernels/summary_softmax.h"

namespace manyshot {
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
struct SummaryAttention<T>::Tile : SummaryTile {};

template <class T>
SummaryAttention<T>::SummaryAttention(const AttentionShape& shape, size_t max_tokens, size_t max_labelled)
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
size_t SummaryAttention<T>::bytes(const AttentionShape& shape, size_t max_tokens, size_t max_labelled) {
  const size_t padded = round_up(std::max<size_t>(max_labelled, 1), kPanelWidth), head_dim = shape.head_dim;
  const size_t of_T = max_tokens * 2 * (shape.query_width() + shape.key_width()) + 4 * padded * head_dim +
                      4 * kTileTokens * padded + 2 * kTileTokens * head_dim;
  const size_t of_f32 = 2 * kTileTokens * padded + kTileTokens * (head_dim + kOwnScores) + max_tokens * shape.num_heads;
  return of_T * sizeof(T) + of_f32 * sizeof(float);
}

template <class T>
void SummaryAttention<T>::convert_inputs(const SummaryTokens& tokens, const AttentionInput& in) {
  convert(in.q, in.q_stride, tokens.size(), shape_.query_width(), q_.data(), shape_.query_width());
  convert(in.k, in.kv_stride, tokens.size(), shape_.key_width(), k_.data(), shape_.key_width());
  convert(in.v, in.kv_stride, tokens.size(), shape_.key_width(), v_.data(), shape_.key_width());
}

// Tiles do not mix labelled rows and queries.
template <class T>
typename SummaryAttention<T>::Tile SummaryAttention<T>::tile_from(const SummaryTokens& tokens, size_t first) const {
  const size_t end = tokens.is_query(first) ? tokens.size() : 2 * tokens.num_labelled;
  Tile tile;
  tile.first = first;
  tile.count = std::min(kTileTokens, end - first);
  tile.most = tokens.visible_labels(first + tile.count - 1);
  tile.padded = padded_;
  return tile;
}

// Labels are every other token from 1 on.
template <class T>
Panels<T> SummaryAttention<T>::label_columns(const T* values, size_t num_labelled, size_t kv_head,
                                             AlignedBuffer<T>& memory) const {
  const size_t width = shape_.key_width();
  return pack_columns(values + width + kv_head * shape_.head_dim, 2 * width, num_labelled, shape_.head_dim,
                      memory.data());
}

template <class T>
Panels<T> SummaryAttention<T>::label_rows(const T* values, size_t num_labelled, size_t kv_head,
                                          AlignedBuffer<T>& memory) const {
  const size_t width = shape_.key_width();
  return pack_rows(values + width + kv_head * shape_.head_dim, 2 * width, num_labelled, shape_.head_dim, memory.data());
}

template <class T>
void SummaryAttention<T>::forward(const SummaryTokens& tokens, const AttentionInput& in, T* out, size_t out_stride,
                                  float* log_sums) {
  convert_inputs(tokens, in);
  const size_t head_dim = shape_.head_dim, group = shape_.num_heads / shape_.num_kv_heads;
  Panels<T> keys, values;
  float inverse[kTileTokens];
  for (size_t head = 0; head < shape_.num_heads; ++head) {
    if (head % group == 0) {
      keys = label_columns(k_.data(), tokens.num_labelled, head / group, key_columns_);
      values = label_rows(v_.data(), tokens.num_labelled, head / group, value_rows_);
    }
    const size_t kv_at = head / group * head_dim;
    const HeadView view{in.q + head * head_dim, in.k + kv_at, in.v + kv_at, in.q_stride, in.kv_stride, head_dim};
    for (size_t first = 0; first < tokens.size();) {
      const Tile tile = tile_from(tokens, first);
      const T* q = q_.data() + first * shape_.query_width() + head * head_dim;
      gemm(q, shape_.query_width(), tile.count, first_columns(keys, tile.most), scores_.data(), padded_,
           Store::kOverwrite);
      softmax_tile(tokens, tile, view, scores_.data(), weights_.data(), own_.data(), inverse, log_sums + head,
                   shape_.num_heads);
      gemm(weights_.data(), padded_, tile.count, first_rows(values, tile.most), sums_.data(), head_dim,
           Store::kOverwrite);
      finish_tile(tokens, tile, view, sums_.data(), own_.data(), inverse, out + head * head_dim, out_stride);
      first += tile.count;
    }
  }
}

template <class T>
void SummaryAttention<T>::backward(const SummaryTokens& tokens, const AttentionInput& in, const T* out,
                                   size_t out_stride, const float* log_sums, const float* dout, size_t dout_stride,
                                   const AttentionGradient& gradient) {
  convert_inputs(tokens, in);
  convert(dout, dout_stride, tokens.size(), shape_.query_width(), dout_.data(), shape_.query_width());
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
    output_dots(tokens.size(), head_dim, dout + head * head_dim, dout_stride, out + head * head_dim, out_stride,
                deltas_.data() + head, shape_.num_heads);
    for (size_t first = 0; first < tokens.size();) {
      const Tile tile = tile_from(tokens, first);
      backward_tile(tokens, in, tile, head, log_sums, dout, dout_stride, gradient);
      first += tile.count;
    }
  }
}

template <class T>
void SummaryAttention<T>::backward_tile(const SummaryTokens& tokens, const AttentionInput& in, const Tile& tile,
                                        size_t head, const float* log_sums, const float* dout, size_t dout_stride,
                                        const AttentionGradient& gradient) {
  const size_t head_dim = shape_.head_dim, group = shape_.num_heads / shape_.num_kv_heads;
  const size_t q_at = head * head_dim, kv_at = head / group * head_dim, width = shape_.query_width();
  const size_t labels = round_up(tokens.num_labelled, kPanelWidth) / kPanelWidth, N = tokens.num_labelled;
  const Panels<T> keys{key_columns_.data(), head_dim, labels, kPanelWidth, head_dim * kPanelWidth};
  const Panels<T> values{value_columns_.data(), head_dim, labels, kPanelWidth, head_dim * kPanelWidth};
  const Panels<T> key_rows{key_rows_.data(), round_up(N, 2), head_dim / kPanelWidth, kPanelWidth,
                           round_up(N, 2) * kPanelWidth};
  const HeadView view{in.q + q_at, in.k + kv_at, in.v + kv_at, in.q_stride, in.kv_stride, head_dim};
  const AttentionGradient to{gradient.q + q_at, gradient.k + kv_at, gradient.v + kv_at, gradient.q_stride,
                             gradient.kv_stride};
  const T* q = q_.data() + tile.first * width + q_at;
  const T* given = dout_.data() + tile.first * width + q_at;

  gemm(q, width, tile.count, first_columns(keys, tile.most), scores_.data(), padded_, Store::kOverwrite);
  gemm(given, width, tile.count, first_columns(values, tile.most), dweights_.data(), padded_, Store::kOverwrite);
  softmax_gradient_tile(tokens, tile, view, scores_.data(), dweights_.data(), log_sums + head, deltas_.data() + head,
                        shape_.num_heads, dout + q_at, dout_stride, weights_.data(), dscores_.data(), own_.data());
  gemm(dscores_.data(), padded_, tile.count, first_rows(key_rows, tile.most), to.q + tile.first * to.q_stride,
       to.q_stride, Store::kOverwrite);
  if (tile.most > 0) {
    const Panels<T> weights = pack_rows(weights_.data(), padded_, tile.count, tile.width(), weight_panels_.data());
    const Panels<T> dscores = pack_rows(dscores_.data(), padded_, tile.count, tile.width(), dscore_panels_.data());
    const Panels<T> queries = pack_rows(q, width, tile.count, head_dim, q_panels_.data());
    const Panels<T> givens = pack_rows(given, width, tile.count, head_dim, dout_panels_.data());
    outer_gemm(dscores, tile.most, queries, to.k + to.kv_stride, 2 * to.kv_stride, Store::kAdd);
    outer_gemm(weights, tile.most, givens, to.v + to.kv_stride, 2 * to.kv_stride, Store::kAdd);
  }
  own_gradients(tokens, tile, view, dout + q_at, dout_stride, own_.data(), to);
}

template class SummaryAttention<float>;
template class SummaryAttention<BFloat16>;

}  // namespace manyshot
