#include "model/language/kv_segment.h"

#include <algorithm>
#include <utility>

namespace manyshot {

using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::KeyValueTile;
using kernels::kKeyTile;
using kernels::round_up;

template <class T>
KvSegment<T>::KvSegment(const AttentionShape& shape, size_t layers_kept, std::shared_ptr<const KvSegment> parent,
                        size_t num_tokens)
    : shape_(shape),
      layers_kept_(layers_kept),
      parent_(std::move(parent)),
      begin_(parent_ ? parent_->end_ : 0),
      end_(begin_ + num_tokens),
      first_tile_(begin_ / kKeyTile),
      num_tiles_(round_up(end_, kKeyTile) / kKeyTile - first_tile_),
      data_(layers_kept * num_tiles_ * shape.num_kv_heads * KeyValueTile<T>::size(shape.head_dim)) {}

template <class T>
const KvSegment<T>* KvSegment<T>::owner(size_t tile) const {
  const KvSegment* segment = this;
  while (tile < segment->first_tile_) segment = segment->parent_.get();
  return segment;
}

template <class T>
void KvSegment<T>::begin_layer(size_t layer) {
  if (begin_ % kKeyTile == 0) return;
  const KvSegment* from = parent_->owner(first_tile_);
  for (size_t head = 0; head < shape_.num_kv_heads; ++head) {
    KeyValueTile<T>::copy_places(from->tile(layer, first_tile_, head), shape_.head_dim, begin_ % kKeyTile,
                                 data_.data() + offset(layer, first_tile_, head));
  }
}

template <class T>
void KvSegment<T>::set(size_t layer, size_t position, const float* keys, const float* values) {
  for (size_t head = 0; head < shape_.num_kv_heads; ++head) {
    KeyValueTile<T>::set(data_.data() + offset(layer, position / kKeyTile, head), shape_.head_dim, position % kKeyTile,
                         keys + head * shape_.head_dim, values + head * shape_.head_dim);
  }
}

template <class T>
uint64_t KvSegment<T>::bytes(const AttentionShape& shape, size_t num_layers, size_t num_tokens) {
  return (round_up(num_tokens, kKeyTile) + kKeyTile) * 2 * shape.key_width() * num_layers * sizeof(T);
}

template class KvSegment<float>;
template class KvSegment<BFloat16>;

}  // namespace manyshot
