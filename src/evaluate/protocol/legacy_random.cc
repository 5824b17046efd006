#include "evaluate/protocol/legacy_random.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

namespace manyshot {

MersenneTwister::MersenneTwister(uint32_t seed) : state_(kWords) { fill(seed); }

MersenneTwister::MersenneTwister(std::span<const uint32_t> key) : state_(kWords) {
  fill(19'650'218);
  uint32_t place = 1;
  const auto advance = [&] {
    if (++place < kWords) return;
    state_[0] = state_[kWords - 1];
    place = 1;
  };
  const auto mixed = [&](uint32_t factor) {
    const uint32_t before = state_[place - 1];
    return state_[place] ^ ((before ^ (before >> 30)) * factor);
  };
  for (size_t step = 0, word = 0; step < std::max<size_t>(kWords, key.size()); ++step) {
    state_[place] = mixed(1'664'525) + key[word] + static_cast<uint32_t>(word);
    word = (word + 1) % key.size();
    advance();
  }
  for (uint32_t step = 1; step < kWords; ++step) {
    state_[place] = mixed(1'566'083'941) - place;
    advance();
  }
  state_[0] = 0x80000000;
}

void MersenneTwister::fill(uint32_t seed) {
  state_[0] = seed;
  for (uint32_t word = 1; word < kWords; ++word) {
    state_[word] = 1'812'433'253 * (state_[word - 1] ^ (state_[word - 1] >> 30)) + word;
  }
}

void MersenneTwister::refill() {
  constexpr uint32_t kShift = 397;
  for (uint32_t word = 0; word < kWords; ++word) {
    const uint32_t pair = (state_[word] & 0x80000000) | (state_[(word + 1) % kWords] & 0x7fffffff);
    state_[word] = state_[(word + kShift) % kWords] ^ (pair >> 1) ^ (pair % 2 == 1 ? 0x9908b0df : 0);
  }
  position_ = 0;
}

uint32_t MersenneTwister::next() {
  if (position_ == kWords) refill();
  uint32_t bits = state_[position_++];
  bits ^= bits >> 11;
  bits ^= (bits << 7) & 0x9d2c5680;
  bits ^= (bits << 15) & 0xefc60000;
  return bits ^ (bits >> 18);
}

std::vector<uint32_t> numpy_permutation(uint32_t n, uint32_t seed) {
  MersenneTwister generator(seed);
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  for (uint32_t last = n; last-- > 1;) {
    const uint32_t mask = std::bit_ceil(uint64_t{last} + 1) - 1;
    uint32_t place = generator.next() & mask;
    while (place > last) place = generator.next() & mask;
    std::swap(order[last], order[place]);
  }
  return order;
}

std::vector<uint32_t> python_shuffle(uint32_t n, uint64_t seed) {
  const std::array<uint32_t, 2> key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  MersenneTwister generator(std::span<const uint32_t>(key.data(), key[1] == 0 ? 1 : 2));
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  for (uint32_t last = n; last-- > 1;) {
    const int unused_bits = std::countl_zero(last + 1);
    uint32_t place = generator.next() >> unused_bits;
    while (place > last) place = generator.next() >> unused_bits;
    std::swap(order[last], order[place]);
  }
  return order;
}

}  // namespace manyshot
