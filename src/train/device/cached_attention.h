// Attention behind cached keys and values: what a language model that answers on a device needs.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "train/device/flash_attention.h"

namespace manyshot::train {

// Keys and values of some tokens of a text, behind those of `parent`. Immutable once it is shared.
struct CachedSegment {
  std::shared_ptr<const CachedSegment> parent;  // null at the beginning of a text
  size_t begin = 0, end = 0;                    // tokens of the text
  std::vector<at::Tensor> keys, values;         // of each layer [tokens, H_kv, d]
};
using CachedSegmentPtr = std::shared_ptr<const CachedSegment>;

// A text's tokens that go through the layers together with those of others.
struct CachedSequence {
  CachedSegmentPtr prefix;  // everything before, or null
  size_t num_tokens = 0;
};

class CachedAttention {
 public:
  CachedAttention(std::span<const CachedSequence> sequences, const at::Device& device);

  // Of one layer: q [tokens, H, d], k and v [tokens, H_kv, d] of all sequences, rotated. A token sees its text's cached
  // ones, and those of its own sequence up to itself. Gives [tokens, H, d].
  at::Tensor attend(size_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) const;

 private:
  // Segments at one depth of the texts, with the sequences that see them.
  struct Level {
    std::vector<const CachedSegment*> segments;  // of neighbours that share one, once
    SequenceLengths lengths;
    at::Tensor rows;  // [queries] which tokens these are; undefined for all of them, in order
  };

  std::vector<CachedSegmentPtr> kept_;
  SequenceLengths own_;
  std::vector<Level> levels_;
};

}  // namespace manyshot::train
