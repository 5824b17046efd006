#include "train/language/dropout.h"

#include <cmath>

#include "core/rng.h"
#include "kernels/bfloat16.h"

namespace manyshot::train {

using kernels::BFloat16;

namespace {

// The finaliser of SplitMix64 (Steele et al. 2014, "Fast splittable pseudorandom number generators").
uint64_t mix(uint64_t z) {
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

Dropout::Dropout(double rate, uint64_t seed, const PackedBatch& batch)
    : threshold_(static_cast<uint32_t>(std::lround(rate * 65536))), factor_(static_cast<float>(1 / (1 - rate))) {
  if (!is_active()) return;
  const Rng rng = Rng(seed).child("dropout");
  for (const PackedBatch::Sequence& sequence : batch.sequences) {
    const Rng of_sample = rng.child("sample", sequence.index);
    for (size_t i = 0; i < sequence.num_tokens(); ++i) keys_.push_back(of_sample.bits(i));
  }
}

template <class T>
void Dropout::apply(size_t token, uint64_t stream, const T* x, size_t width, T* out) const {
  const uint64_t key = mix(keys_[token] ^ mix(stream));
  uint64_t bits = 0;
  for (size_t i = 0; i < width; ++i) {
    if (i % 4 == 0) bits = mix(key + i / 4);
    const bool is_kept = (bits >> (i % 4 * 16) & 0xFFFF) >= threshold_;
    out[i] = T(is_kept ? static_cast<float>(x[i]) * factor_ : 0.0f);
  }
}

template void Dropout::apply(size_t, uint64_t, const float*, size_t, float*) const;
template void Dropout::apply(size_t, uint64_t, const BFloat16*, size_t, BFloat16*) const;

}  // namespace manyshot::train
