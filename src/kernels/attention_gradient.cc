#include "kernels/attention_gradient.h"

#include <algorithm>
#include <cmath>

#include "kernels/panel_layout.h"

namespace manyshot {
namespace {

constexpr size_t kTileRows = 96;  // rows of queries at a time, about
constexpr size_t kSlots = 8;      // tiles of keys at a time: their panels and sums stay in the second-level cache

size_t ceil_div(size_t n, size_t by) { return (n + by - 1) / by; }

// rows [M, width] into columns [width, stride], zeros behind them.
template <class T>
void transpose(const T* rows, size_t M, size_t width, size_t stride, T* columns) {
  for (size_t row = 0; row < M; ++row) {
    for (size_t i = 0; i < width; ++i) columns[i * stride + row] = rows[row * width + i];
  }
  for (size_t row = M; row < stride; ++row) {
    for (size_t i = 0; i < width; ++i) columns[i * stride + row] = T();
  }
}

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
  const size_t tile = head_dim_ * kKeyTile, rows = tile_tokens_ * group_;
  for (auto* panels : {&key_columns_, &value_columns_, &key_rows_}) *panels = AlignedBuffer<T>(kSlots * tile);
  for (auto* sums : {&key_sums_, &value_sums_}) *sums = AlignedBuffer<float>(kSlots * tile);
  for (auto* columns : {&queries_, &gradients_}) *columns = AlignedBuffer<T>(rows * head_dim_);
  for (auto* scores : {&scores_, &weight_gradients_}) *scores = AlignedBuffer<float>(rows * kKeyTile);
  for (auto* scores : {&weights_, &score_panels_, &score_rows_}) *scores = AlignedBuffer<T>(rows * kKeyTile);
  visible_.resize(rows);
}

template <class T>
void AttentionGradientKernel<T>::run(const AttentionGroup<T>& in, size_t first_key, size_t last_key,
                                     const AttentionGradients& out) {
  for (size_t first = first_key; first < last_key; first += kSlots * kKeyTile) {
    const size_t last = std::min(first + kSlots * kKeyTile, last_key), num_tiles = ceil_div(last - first, kKeyTile);
    const auto keys_of = [&](size_t slot) { return std::min(kKeyTile, last - first - slot * kKeyTile); };
    for (size_t slot = 0; slot < num_tiles; ++slot) load_keys(in, first + slot * kKeyTile, keys_of(slot), slot);
    for (size_t token = first / tile_tokens_ * tile_tokens_; token < in.num_tokens; token += tile_tokens_) {
      load_queries(in, token);
      const size_t last_token = std::min(token + tile_tokens_, in.num_tokens) - 1;
      for (size_t slot = 0; slot < num_tiles && first + slot * kKeyTile <= last_token; ++slot) {
        add_tile(in, first + slot * kKeyTile, slot, out);
      }
    }
    for (size_t slot = 0; slot < num_tiles; ++slot) store_keys(first + slot * kKeyTile, keys_of(slot), slot, out);
  }
}

template <class T>
void AttentionGradientKernel<T>::load_keys(const AttentionGroup<T>& in, size_t first_key, size_t num_keys,
                                           size_t slot) {
  const size_t tile = head_dim_ * kKeyTile, begin = slot * tile;
  std::fill_n(key_sums_.data() + begin, tile, 0.0f);
  std::fill_n(value_sums_.data() + begin, tile, 0.0f);
  for (size_t place = 0; place < kKeyTile; ++place) {
    const bool is_there = place < num_keys;
    const T* key = in.keys + (first_key + place) * in.key_stride;
    const T* value = in.values + (first_key + place) * in.key_stride;
    for (size_t i = 0; i < head_dim_; ++i) {
      const size_t column = begin + panel_offset<T>(head_dim_, i, place);
      key_columns_[column] = is_there ? key[i] : T();
      value_columns_[column] = is_there ? value[i] : T();
      key_rows_[begin + panel_offset<T>(kKeyTile, place, i)] = is_there ? key[i] : T();
    }
  }
}

template <class T>
void AttentionGradientKernel<T>::load_queries(const AttentionGroup<T>& in, size_t first_token) {
  first_token_ = first_token;
  num_rows_ = std::min(tile_tokens_, in.num_tokens - first_token) * group_;
  const size_t begin = first_token * group_ * head_dim_, stride = round_up(num_rows_, 2);
  transpose(in.queries + begin, num_rows_, head_dim_, stride, queries_.data());
  transpose(in.out_gradients + begin, num_rows_, head_dim_, stride, gradients_.data());
}

template <class T>
void AttentionGradientKernel<T>::add_tile(const AttentionGroup<T>& in, size_t first_key, size_t slot,
                                          const AttentionGradients& out) {
  const size_t first_row = first_token_ * group_, begin = slot * head_dim_ * kKeyTile;
  const auto columns_of = [&](const T* data) {
    return Panels<T>{data + begin, head_dim_, kKeyTile / kPanelWidth, kPanelWidth, head_dim_ * kPanelWidth};
  };
  gemm(in.queries + first_row * head_dim_, head_dim_, num_rows_, columns_of(key_columns_.data()), scores_.data(),
       kKeyTile, Store::kOverwrite);
  gemm(in.out_gradients + first_row * head_dim_, head_dim_, num_rows_, columns_of(value_columns_.data()),
       weight_gradients_.data(), kKeyTile, Store::kOverwrite);

  for (size_t row = 0; row < num_rows_; ++row) {
    const size_t token = first_token_ + row / group_;
    visible_[row] = static_cast<uint8_t>(token < first_key ? 0 : std::min(token + 1 - first_key, kKeyTile));
  }
  const WeightGradients<T> rows{scores_.data(),  weight_gradients_.data(), in.log_sums + first_row, in.dots + first_row,
                                visible_.data(), weights_.data(),          score_panels_.data(),    score_rows_.data()};
  differentiate_weights(rows, num_rows_);

  const Panels<T> key_rows{key_rows_.data() + begin, kKeyTile, head_dim_ / kPanelWidth, kPanelWidth,
                           kKeyTile * kPanelWidth};
  gemm(score_rows_.data(), kKeyTile, num_rows_, key_rows, out.queries + first_row * head_dim_, head_dim_, Store::kAdd);
  const size_t stride = round_up(num_rows_, 2);
  const auto panels_of = [&](const T* data) {
    return Panels<T>{data, stride, kKeyTile / kPanelWidth, kPanelWidth, stride * kPanelWidth};
  };
  gemm(gradients_.data(), stride, head_dim_, panels_of(weights_.data()), value_sums_.data() + begin, kKeyTile,
       Store::kAdd);
  gemm(queries_.data(), stride, head_dim_, panels_of(score_panels_.data()), key_sums_.data() + begin, kKeyTile,
       Store::kAdd);
}

template <class T>
void AttentionGradientKernel<T>::store_keys(size_t first_key, size_t num_keys, size_t slot,
                                            const AttentionGradients& out) const {
  const size_t begin = slot * head_dim_ * kKeyTile;
  for (size_t place = 0; place < num_keys; ++place) {
    const size_t to = (first_key + place) * out.key_stride;
    for (size_t i = 0; i < head_dim_; ++i) {
      out.keys[to + i] = key_sums_[begin + i * kKeyTile + place];
      out.values[to + i] = value_sums_[begin + i * kKeyTile + place];
    }
  }
}

template class AttentionGradientKernel<float>;
template class AttentionGradientKernel<BFloat16>;

}  // namespace manyshot
