// Dropout whose mask is a function of (seed, sample, position, layer, site, column): the backward pass draws it again,
// and neither packing nor threads change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "train/language/packed_batch.h"

namespace manyshot::train {

class Dropout {
 public:
  Dropout() = default;  // drops nothing
  // Keeps a value with probability 1 - rate (to 16 bits), times 1 / (1 - rate).
  Dropout(double rate, uint64_t seed, const PackedBatch& batch);

  bool is_active() const { return threshold_ > 0; }
  // What the mask is made of: a value of a token is kept when its 16 bits reach the threshold, times the factor.
  const std::vector<uint64_t>& keys() const { return keys_; }  // [tokens]
  uint32_t threshold() const { return threshold_; }
  float factor() const { return factor_; }
  // out[i] = kept(token, stream, i) ? x[i] / (1 - rate) : 0 for the `width` values of a token.
  template <class T>
  void apply(size_t token, uint64_t stream, const T* x, size_t width, T* out) const;

 private:
  uint32_t threshold_ = 0;
  float factor_ = 1;
  std::vector<uint64_t> keys_;  // per token
};

// Rows of `width` values of the block's tokens.
template <class T>
void drop_inputs(const Dropout& dropout, const Range& block, uint64_t stream, const T* x, size_t width, T* out) {
  for (size_t row = 0; row < block.size(); ++row) {
    dropout.apply(block.first + row, stream, x + row * width, width, out + row * width);
  }
}

}  // namespace manyshot::train
