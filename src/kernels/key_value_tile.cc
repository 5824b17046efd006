#include <algorithm>

#include "kernels/panel_layout.h"
#include "kernels/tile_attention.h"

namespace manyshot::kernels {

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
  for (size_t i = 0; i < head_dim; ++i) tile[panel_offset<T>(head_dim, i, place)] = T(key[i]);
  T* values = tile + kKeyTile * head_dim;
  for (size_t i = 0; i < head_dim; ++i) values[panel_offset<T>(kKeyTile, place, i)] = T(value[i]);
}

template <class T>
void KeyValueTile<T>::copy_places(const T* from, size_t head_dim, size_t count, T* to) {
  const size_t whole = count / kPanelWidth * kPanelWidth;  // panels of keys
  std::copy_n(from, whole * head_dim, to);
  for (size_t place = whole; place < count; ++place) {
    for (size_t i = 0; i < head_dim; ++i)
      to[panel_offset<T>(head_dim, i, place)] = from[panel_offset<T>(head_dim, i, place)];
  }
  const T* from_values = from + kKeyTile * head_dim;
  T* to_values = to + kKeyTile * head_dim;
  const size_t rows = count / kInterleavedRows<T> * kInterleavedRows<T>;
  for (size_t i = 0; i < head_dim; i += kPanelWidth) {
    std::copy_n(from_values + i * kKeyTile, rows * kPanelWidth, to_values + i * kKeyTile);
  }
  for (size_t place = rows; place < count; ++place) {
    for (size_t i = 0; i < head_dim; ++i) {
      to_values[panel_offset<T>(kKeyTile, place, i)] = from_values[panel_offset<T>(kKeyTile, place, i)];
    }
  }
}

template struct KeyValueTile<float>;
template struct KeyValueTile<BFloat16>;

}  // namespace manyshot::kernels
