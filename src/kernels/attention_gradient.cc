#include "kernels/attention_gradient.h"

#include <algorithm>
#include <cmath>

#include "kernels/outer_gemm.h"

namespace manyshot::kernels {
namespace {

constexpr size_t kTileRows = 96;  // rows of queries at a time, about
constexpr size_t kSlots = 8;      // tiles of keys at a time: their panels and gradients stay in the second-level cache

size_t ceil_div(size_t n, size_t by) { return (n + by - 1) / by; }

}  // namespace

template <class T>
void attention_log_sums(const RunningAttention<T>& rows, size_t M, float* log_sums) {
  for (size_t row = 0; row < M; ++row) {
    const float* totals = rows.totals + row * kPanelWidth;
    float total = 0;
    for (size_t i = 0; i < kPanelWidth; ++i) total += totals[i];
    log_sums[row] = rows.highest[row] + std::log2(total);
  }
}

template void attention_log_sums(const RunningAttention<float>&, size_t, float*);
template void attention_log_sums(const RunningAttention<BFloat16>&, size_t, float*);

template <class T>
AttentionGradientKernel<T>::AttentionGradientKernel(const AttentionShape& shape)
    : head_dim_(shape.head_dim),
      group_(shape.num_heads / shape.num_kv_heads),
      tile_tokens_(std::max<size_t>(2, kTileRows / group_ / 2 * 2)) {
  const size_t rows = tile_tokens_ * group_;
  for (auto* keys : {&key_columns_, &value_columns_, &key_rows_})
    *keys = AlignedBuffer<T>(kSlots * kKeyTile * head_dim_);
  for (auto* queries : {&query_panels_, &gradient_panels_}) *queries = AlignedBuffer<T>(rows * head_dim_);
  for (auto* scores : {&scores_, &weight_gradients_}) *scores = AlignedBuffer<float>(rows * kKeyTile);
  for (auto* scores : {&weights_, &score_panels_, &score_rows_}) *scores = AlignedBuffer<T>(rows * kKeyTile);
  visible_.resize(rows);
}

template <class T>
Panels<T> AttentionGradientKernel<T>::panels(const AlignedBuffer<T>& data, size_t slot, size_t num_rows,
                                             size_t width) const {
  return {data.data() + slot * kKeyTile * head_dim_, num_rows, width / kPanelWidth, kPanelWidth,
          num_rows * kPanelWidth};
}

template <class T>
void AttentionGradientKernel<T>::run(const AttentionGroup<T>& in, size_t first_key, size_t last_key,
                                     const AttentionGradients& out) {
  for (size_t key = first_key; key < last_key; ++key) {
    std::fill_n(out.keys + key * out.key_stride, head_dim_, 0.0f);
    std::fill_n(out.values + key * out.key_stride, head_dim_, 0.0f);
  }
  for (size_t first = first_key; first < last_key; first += kSlots * kKeyTile) {
    const size_t last = std::min(first + kSlots * kKeyTile, last_key), num_tiles = ceil_div(last - first, kKeyTile);
    const auto num_keys = [&](size_t slot) { return std::min(kKeyTile, last - first - slot * kKeyTile); };
    for (size_t slot = 0; slot < num_tiles; ++slot) load_keys(in, first + slot * kKeyTile, num_keys(slot), slot);
    for (size_t token = first; token < in.num_tokens; token += tile_tokens_) {
      load_queries(in, token);
      const size_t last_token = std::min(token + tile_tokens_, in.num_tokens) - 1;
      for (size_t slot = 0; slot < num_tiles && first + slot * kKeyTile <= last_token; ++slot) {
        add_tile(in, first + slot * kKeyTile, num_keys(slot), slot, out);
      }
    }
  }
}

template <class T>
void AttentionGradientKernel<T>::load_keys(const AttentionGroup<T>& in, size_t first_key, size_t num_keys,
                                           size_t slot) {
  const T* keys = in.keys + first_key * in.key_stride;
  const T* values = in.values + first_key * in.key_stride;
  const size_t begin = slot * kKeyTile * head_dim_;
  // A last tile is filled up with keys that no query sees.
  AlignedBuffer<T> padded;
  size_t stride = in.key_stride;
  if (num_keys < kKeyTile) {
    padded = AlignedBuffer<T>(2 * kKeyTile * head_dim_);
    for (size_t key = 0; key < num_keys; ++key) {
      std::copy_n(keys + key * stride, head_dim_, padded.data() + key * head_dim_);
      std::copy_n(values + key * stride, head_dim_, padded.data() + (kKeyTile + key) * head_dim_);
    }
    keys = padded.data();
    values = keys + kKeyTile * head_dim_;
    stride = head_dim_;
  }
  pack_columns({keys, stride}, kKeyTile, head_dim_, key_columns_.data() + begin);
  pack_columns({values, stride}, kKeyTile, head_dim_, value_columns_.data() + begin);
  pack_rows({keys, stride}, kKeyTile, head_dim_, key_rows_.data() + begin);
}

template <class T>
void AttentionGradientKernel<T>::load_queries(const AttentionGroup<T>& in, size_t first_token) {
  first_token_ = first_token;
  num_rows_ = std::min(tile_tokens_, in.num_tokens - first_token) * group_;
  const size_t begin = first_token * group_ * head_dim_;
  queries_ = pack_rows({in.queries + begin, head_dim_}, num_rows_, head_dim_, query_panels_.data());
  gradients_ = pack_rows({in.out_gradients + begin, head_dim_}, num_rows_, head_dim_, gradient_panels_.data());
}

template <class T>
void AttentionGradientKernel<T>::add_tile(const AttentionGroup<T>& in, size_t first_key, size_t num_keys, size_t slot,
                                          const AttentionGradients& out) {
  const size_t first_row = first_token_ * group_, begin = first_row * head_dim_, stride = round_up(num_rows_, 2);
  gemm({in.queries + begin, head_dim_}, num_rows_, panels(key_columns_, slot, head_dim_, kKeyTile),
       {scores_.data(), kKeyTile}, Store::kOverwrite);
  gemm({in.out_gradients + begin, head_dim_}, num_rows_, panels(value_columns_, slot, head_dim_, kKeyTile),
       {weight_gradients_.data(), kKeyTile}, Store::kOverwrite);

  for (size_t row = 0; row < num_rows_; ++row) {
    const size_t token = first_token_ + row / group_;
    visible_[row] = static_cast<uint8_t>(token < first_key ? 0 : std::min(token + 1 - first_key, kKeyTile));
  }
  const WeightGradients<T> rows{scores_.data(),  weight_gradients_.data(), in.log_sums + first_row, in.dots + first_row,
                                visible_.data(), weights_.data(),          score_panels_.data(),    score_rows_.data()};
  differentiate_weights(rows, num_rows_);

  gemm({score_rows_.data(), kKeyTile}, num_rows_, panels(key_rows_, slot, kKeyTile, head_dim_),
       {out.queries + begin, head_dim_}, Store::kAdd);
  outer_gemm(panels(weights_, 0, stride, kKeyTile), num_keys, gradients_,
             {out.values + first_key * out.key_stride, out.key_stride}, Store::kAdd);
  outer_gemm(panels(score_panels_, 0, stride, kKeyTile), num_keys, queries_,
             {out.keys + first_key * out.key_stride, out.key_stride}, Store::kAdd);
}

template class AttentionGradientKernel<float>;
template class AttentionGradientKernel<BFloat16>;

}  // namespace manyshot::kernels
