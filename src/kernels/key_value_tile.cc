#include <algorithm>

#include "kernels/tile_attention.h"

namespace manyshot {
namespace {

// So many rows of a panel are interleaved.
template <class T>
constexpr size_t kInterleaved = std::is_same_v<T, BFloat16> ? 2 : 1;

// Element (row, column) of panels of num_rows rows.
template <class T>
constexpr size_t offset(size_t num_rows, size_t row, size_t column) {
  constexpr size_t n = kInterleaved<T>;
  return column / kPanelWidth * num_rows * kPanelWidth + row / n * n * kPanelWidth + column % kPanelWidth * n + row % n;
}

}  // namespace

template <class T>
Panels<T> KeyValueTile<T>::keys(const T* tile, size_t head_dim) {
  return {tile, head_dim, kKeyTile / kPanelWidth, kPanelWidth, head_dim * kPanelWidth};
}

template <class T>
Panels<T> KeyValueTile<T>::values(const T* tile, size_t head_dim) {
  return {tile + kKeyTile * head_dim, kKeyTile, head_dim / kPanelWidth, kPanelWidth, kKeyTile * kPanelWidth};
}

template <class T>
void KeyValueTile<T>::set(T* tile, size_t head_dim, size_t place, const float* key, const float* value) {
  for (size_t i = 0; i < head_dim; ++i) tile[offset<T>(head_dim, i, place)] = T(key[i]);
  T* values = tile + kKeyTile * head_dim;
  for (size_t i = 0; i < head_dim; ++i) values[offset<T>(kKeyTile, place, i)] = T(value[i]);
}

template <class T>
void KeyValueTile<T>::copy_places(const T* from, size_t head_dim, size_t count, T* to) {
  const size_t whole = count / kPanelWidth * kPanelWidth;  // panels of keys
  std::copy_n(from, whole * head_dim, to);
  for (size_t place = whole; place < count; ++place) {
    for (size_t i = 0; i < head_dim; ++i) to[offset<T>(head_dim, i, place)] = from[offset<T>(head_dim, i, place)];
  }
  const T* from_values = from + kKeyTile * head_dim;
  T* to_values = to + kKeyTile * head_dim;
  const size_t rows = count / kInterleaved<T> * kInterleaved<T>;
  for (size_t i = 0; i < head_dim; i += kPanelWidth) {
    std::copy_n(from_values + i * kKeyTile, rows * kPanelWidth, to_values + i * kKeyTile);
  }
  for (size_t place = rows; place < count; ++place) {
    for (size_t i = 0; i < head_dim; ++i) {
      to_values[offset<T>(kKeyTile, place, i)] = from_values[offset<T>(kKeyTile, place, i)];
    }
  }
}

template struct KeyValueTile<float>;
template struct KeyValueTile<BFloat16>;

}  // namespace manyshot
