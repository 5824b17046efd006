// Counter-based random numbers: a value is a pure function of (seed, path of names and indices, index). Nothing depends
// on call order, thread or restart, and no generator is shared. Bits come from Philox4x32-10 (Salmon et al. 2011,
// "Parallel random numbers: as easy as 1, 2, 3", SC11); distributions are our own because those of <random> differ
// between libraries.
//
//   Rng rng(seed);
//   double z = rng.child("task", task).child("noise", column).normal(row);
//
// Integers and uniforms are the same bits everywhere; normal() and exponential() go through log(), which may differ by
// some units in the last place between C libraries.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace manyshot {

class Rng {
 public:
  explicit Rng(uint64_t seed);

  // An independent generator named by (name, index). A generator is known by 128 bits, so that even 2^40 children share
  // values only with a chance of 2^-49.
  Rng child(std::string_view name, uint64_t index = 0) const;

  // 64 uniform bits for `index`.
  uint64_t bits(uint64_t index) const;
  // Uniform in [0, 1), 53 bits.
  double uniform(uint64_t index) const;
  // Uniform in [low, high). REQUIRES: low < high, and high - low finite.
  double uniform(uint64_t index, double low, double high) const;
  // Uniform integer in [0, bound), without bias. REQUIRES: bound > 0.
  uint64_t below(uint64_t index, uint64_t bound) const;
  // Standard normal by inverse distribution function (normal_quantile), one uniform a value.
  double normal(uint64_t index) const;
  // Exponential with mean 1.
  double exponential(uint64_t index) const;
  bool bernoulli(uint64_t index, double probability) const { return uniform(index) < probability; }

  // A uniformly random permutation of 0..n-1 (Fisher-Yates).
  std::vector<uint32_t> permutation(uint32_t n) const;
  // k of 0..n-1 without replacement, in random order: the first k of permutation(n). REQUIRES: k <= n. Memory O(k).
  std::vector<uint32_t> sample(uint32_t n, uint32_t k) const;

  // The four 32-bit words of one Philox4x32-10 block; exposed for known-answer tests.
  static std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

 private:
  explicit Rng(const std::array<uint32_t, 4>& state) : state_(state) {}
  // The generator's name: two words are the Philox key, two are the upper half of the counter, whose lower half is
  // `index`.
  std::array<uint32_t, 4> state_;
};

// The z with P(Z <= z) = probability for a standard normal Z, to about 16 digits. REQUIRES: 0 < probability < 1.
// Source: Wichura 1988, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37,
// PPND16.
double normal_quantile(double probability);

}  // namespace manyshot
