// One thread's memory for attention by tiles (kernels/tile_attention.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/tile_attention.h"
#include "model/decoder/shape.h"

namespace manyshot {

// For up to num_tokens tokens of one key head at a time.
class AttentionScratch {
 public:
  AttentionScratch(const DecoderShape& shape, size_t num_tokens)
      : group_(shape.group_size()),
        sums_(num_tokens * group_ * shape.attention.head_dim),
        highest_(num_tokens * group_),
        totals_(num_tokens * group_ * kernels::kPanelWidth),
        visible_(num_tokens * group_) {}

  template <class T>
  kernels::RunningAttention<T> rows(const T* queries) {
    return {queries, sums_.data(), highest_.data(), totals_.data()};
  }
  // Token `number` of the next attend_tile() sees the tile's first `count` tokens, or all of them.
  void see(size_t number, size_t count) {
    std::fill_n(visible_.data() + number * group_, group_, static_cast<uint8_t>(std::min(count, kernels::kKeyTile)));
  }
  const uint8_t* visible() const { return visible_.data(); }

 private:
  size_t group_;
  kernels::AlignedBuffer<float> sums_, highest_, totals_;
  std::vector<uint8_t> visible_;
};

}  // namespace manyshot
