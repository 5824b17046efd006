// The generators of NumPy's RandomState and of Python's random, so that published splits come out row for row. Nothing
// else draws from them: our own choices are core/rng.h's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace manyshot {

// MT19937. Source: Matsumoto and Nishimura 1998, "Mersenne Twister", ACM TOMACS 8(1), and the initialisation of 2002.
class MersenneTwister {
 public:
  explicit MersenneTwister(uint32_t seed);
  explicit MersenneTwister(std::span<const uint32_t> key);  // REQUIRES: not empty
  uint32_t next();

 private:
  static constexpr uint32_t kWords = 624;
  void fill(uint32_t seed);
  void refill();

  std::vector<uint32_t> state_;
  uint32_t position_ = kWords;
};

// numpy.random.RandomState(seed).permutation(n). Its first m values are the rows that pandas' sample(n=m,
// random_state=seed) takes of n.
std::vector<uint32_t> numpy_permutation(uint32_t n, uint32_t seed);

// What list(range(n)) is after random.seed(seed); random.shuffle(list).
std::vector<uint32_t> python_shuffle(uint32_t n, uint64_t seed);

}  // namespace manyshot
