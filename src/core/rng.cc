#include "core/rng.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace manyshot {
namespace {

using Words = std::array<uint32_t, 4>;

uint32_t low_word(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t high_word(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

// Words one by one: compilers pack arrays into vector registers and back, which doubles the time.
inline Words philox_block(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t key0, uint32_t key1) {
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const uint64_t even = uint64_t{0xD2511F53} * c0;
    const uint64_t odd = uint64_t{0xCD9E8D57} * c2;
    c0 = high_word(odd) ^ c1 ^ key0;
    c1 = low_word(odd);
    c2 = high_word(even) ^ c3 ^ key1;
    c3 = low_word(even);
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return {c0, c1, c2, c3};
}

// Davies-Meyer step: the message is the key of the cipher, the state its text, and the state is added back.
Words absorb(const Words& state, uint64_t message) {
  Words next = philox_block(state[0], state[1], state[2], state[3], low_word(message), high_word(message));
  for (size_t word = 0; word < next.size(); ++word) next[word] ^= state[word];
  return next;
}

// Bytes in little-endian blocks of eight, closed by 0x80 and zeros, so that no name is the beginning of another.
Words absorb(Words state, std::string_view bytes) {
  uint64_t block = 0;
  size_t filled = 0;
  for (const char byte : bytes) {
    block |= uint64_t{static_cast<uint8_t>(byte)} << (8 * filled);
    if (++filled == sizeof block) {
      state = absorb(state, block);
      block = 0;
      filled = 0;
    }
  }
  return absorb(state, block | uint64_t{0x80} << (8 * filled));
}

// Uniform in the open interval (0, 1): the middle of one of 2^52 equal cells, so neither end can be rounded to.
double open_uniform(uint64_t bits) { return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52; }

template <size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double sum = 0;
  for (size_t power = N; power-- > 0;) sum = sum * x + coefficients[power];
  return sum;
}

}  // namespace

Rng::Rng(uint64_t seed) : state_(absorb(Words{}, seed)) {}

Rng Rng::child(std::string_view name, uint64_t index) const { return Rng(absorb(absorb(state_, index), name)); }

uint64_t Rng::bits(uint64_t index) const {
  const Words block = philox_block(low_word(index), high_word(index), state_[2], state_[3], state_[0], state_[1]);
  return block[0] | uint64_t{block[1]} << 32;
}

double Rng::uniform(uint64_t index) const { return static_cast<double>(bits(index) >> 11) * 0x1p-53; }

double Rng::uniform(uint64_t index, double low, double high) const {
  assert(low < high);
  return std::min(low + (high - low) * uniform(index), std::nextafter(high, low));
}

// Lemire 2019, "Fast random integer generation in an interval", ACM TOMACS 29(1), algorithm 5.
uint64_t Rng::below(uint64_t index, uint64_t bound) const {
  assert(bound > 0);
  using Wide = unsigned __int128;
  Wide product = Wide{bits(index)} * bound;
  if (static_cast<uint64_t>(product) < bound) {
    const uint64_t rejected_below = -bound % bound;
    for (uint64_t attempt = 0; static_cast<uint64_t>(product) < rejected_below; ++attempt) {
      product = Wide{child("below again", index).bits(attempt)} * bound;
    }
  }
  return static_cast<uint64_t>(product >> 64);
}

double Rng::normal(uint64_t index) const { return normal_quantile(open_uniform(bits(index))); }

double Rng::exponential(uint64_t index) const { return -std::log(open_uniform(bits(index))); }

std::vector<uint32_t> Rng::permutation(uint32_t n) const {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  for (uint32_t place = 0; place < n; ++place) std::swap(order[place], order[place + below(place, n - place)]);
  return order;
}

std::vector<uint32_t> Rng::sample(uint32_t n, uint32_t k) const {
  assert(k <= n);
  std::unordered_map<uint32_t, uint32_t>
      moved;  // what stands at a place of the permutation where it is not the place itself
  const auto at = [&](uint32_t place) {
    const auto found = moved.find(place);
    return found == moved.end() ? place : found->second;
  };
  std::vector<uint32_t> chosen(k);
  for (uint32_t place = 0; place < k; ++place) {
    const auto other = static_cast<uint32_t>(place + below(place, n - place));
    chosen[place] = at(other);
    moved[other] = at(place);
  }
  return chosen;
}

std::array<uint32_t, 4> Rng::philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  return philox_block(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
}

double normal_quantile(double probability) {
  assert(probability > 0 && probability < 1);
  constexpr double kCentreTop[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                   1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                   3.3430575583588128105e+4, 2.5090809287301226727e+3};
  constexpr double kCentreBottom[] = {1.0,
                                      4.2313330701600911252e+1,
                                      6.8718700749205790830e+2,
                                      5.3941960214247511077e+3,
                                      2.1213794301586595867e+4,
                                      3.9307895800092710610e+4,
                                      2.8729085735721942674e+4,
                                      5.2264952788528545610e+3};
  constexpr double kMiddleTop[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                   3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                   2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr double kMiddleBottom[] = {1.0,
                                      2.05319162663775882187e0,
                                      1.67638483018380384940e0,
                                      6.89767334985100004550e-1,
                                      1.48103976427480074590e-1,
                                      1.51986665636164571966e-2,
                                      5.47593808499534494600e-4,
                                      1.05075007164441684324e-9};
  constexpr double kTailTop[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                 2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                 2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr double kTailBottom[] = {1.0,
                                    5.99832206555887937690e-1,
                                    1.36929880922735805310e-1,
                                    1.48753612908506148525e-2,
                                    7.86869131145613259100e-4,
                                    1.84631831751005468180e-5,
                                    1.42151175831644588870e-7,
                                    2.04426310338993978564e-15};
  const double from_centre = probability - 0.5;
  if (std::abs(from_centre) <= 0.425) {
    const double x = 0.180625 - from_centre * from_centre;
    return from_centre * polynomial(kCentreTop, x) / polynomial(kCentreBottom, x);
  }
  const double r = std::sqrt(-std::log(from_centre < 0 ? probability : 1 - probability));
  const double z = r <= 5 ? polynomial(kMiddleTop, r - 1.6) / polynomial(kMiddleBottom, r - 1.6)
                          : polynomial(kTailTop, r - 5) / polynomial(kTailBottom, r - 5);
  return from_centre < 0 ? -z : z;
}

}  // namespace manyshot
