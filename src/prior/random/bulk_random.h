// Random numbers by the thousand: what core/rng.h promises, computed in vectors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/rng.h"

namespace manyshot::prior {

// Streams of numbers named by 32-bit ids below one Rng. Value i of a stream depends on (rng, stream, i) alone; the same
// bits on every processor with fused multiply-add. Philox4x32 with 7 rounds, the fewest that pass all tests of TestU01
// (Salmon et al. 2011, table 2).
class BulkRandom {
 public:
  explicit BulkRandom(const Rng& rng);

  // out[i] = mean + deviation z_i with standard normal z_i (Box and Muller 1958; |z| below 6.7).
  void normal(uint32_t stream, float mean, float deviation, float* out, size_t count) const;
  // Uniform in [low, high), 24 bits. REQUIRES: low < high.
  void uniform(uint32_t stream, float low, float high, float* out, size_t count) const;
  void bits(uint32_t stream, uint32_t* out, size_t count) const;

  struct State {
    std::array<uint32_t, 2> key;
    uint32_t upper;
  };

 private:
  State state_;
};

}  // namespace manyshot::prior
