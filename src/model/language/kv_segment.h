// Keys and values of a text, as a tree of segments: texts that begin alike share the segments of their beginning.
#pragma once

#include <cstddef>
#include <memory>

#include "kernels/aligned_buffer.h"
#include "kernels/attention.h"
#include "kernels/tile_attention.h"

namespace manyshot {

// Tokens [begin, end) of a text whose tokens before `begin` stand in `parent` and its parents, in tiles of kKeyTile
// tokens. A segment owns whole tiles: of the tile in which it begins it keeps a copy of what the parent has (less than
// one tile).
template <class T>
class KvSegment {
 public:
  // Without a parent it begins at token 0. Keeps the last `layers_kept` layers written: all layers for a segment that
  // others continue, two for one that only its own pass reads (a layer is read while the next is written).
  KvSegment(const kernels::AttentionShape& shape, size_t layers_kept, std::shared_ptr<const KvSegment> parent,
            size_t num_tokens);

  size_t begin() const { return begin_; }
  size_t end() const { return end_; }
  // The segment that owns a tile: this one or one of its parents. REQUIRES: tile < end / kKeyTile, rounded up.
  const KvSegment* owner(size_t tile) const;
  // In KeyValueTile's layout. REQUIRES: owner(tile) == this.
  const T* tile(size_t layer, size_t tile, size_t kv_head) const { return data_.data() + offset(layer, tile, kv_head); }

  // Copies the parent's part of the first tile; before the layer is read. Safe beside set() from other threads.
  void begin_layer(size_t layer);
  // keys, values [num_kv_heads, head_dim] of one token. Safe from several threads for different positions.
  void set(size_t layer, size_t position, const float* keys, const float* values);

  // Bytes of a segment of so many tokens that keeps all layers.
  static uint64_t bytes(const kernels::AttentionShape& shape, size_t num_layers, size_t num_tokens);

 private:
  size_t offset(size_t layer, size_t tile, size_t kv_head) const {
    return ((layer % layers_kept_ * num_tiles_ + tile - first_tile_) * shape_.num_kv_heads + kv_head) *
           kernels::KeyValueTile<T>::size(shape_.head_dim);
  }

  kernels::AttentionShape shape_;
  size_t layers_kept_;
  std::shared_ptr<const KvSegment> parent_;
  size_t begin_, end_, first_tile_, num_tiles_;
  kernels::AlignedBuffer<T> data_;
};

extern template class KvSegment<float>;
extern template class KvSegment<kernels::BFloat16>;

}  // namespace manyshot
