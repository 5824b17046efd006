// Random numbers inside a tree: a hundred thousand a forest, where Philox would be a tenth of the time.
#pragma once

#include <cstdint>

namespace manyshot::teacher {

// splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA): number i is a
// function of (seed, i). Seeds come from core/rng.h.
class CounterRandom {
 public:
  explicit CounterRandom(uint64_t seed) : state_(seed) {}

  uint64_t bits() {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t bits = state_;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
    return bits ^ bits >> 31;
  }

  // In [0, bound), each to within bound / 2^64 of its share.
  uint64_t below(uint64_t bound) { return static_cast<uint64_t>(static_cast<unsigned __int128>(bits()) * bound >> 64); }

 private:
  uint64_t state_;
};

}  // namespace manyshot::teacher
