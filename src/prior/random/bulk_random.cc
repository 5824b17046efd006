#include "prior/random/bulk_random.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "prior/random/bulk_random.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "prior/random/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::prior {
namespace HWY_NAMESPACE {

using Words = hn::Vec<GroupWords>;

// The four words of kGroupLanes Philox blocks, block numbers `first`, first + 1, … of a stream.
HWY_INLINE void philox_lanes(const BulkRandom::State& state, uint32_t stream, uint32_t first, Words words[4]) {
  const GroupWords du;
  const auto even_factor = hn::Set(du, 0xD2511F53u);
  const auto odd_factor = hn::Set(du, 0xCD9E8D57u);
  Words c0 = hn::Iota(du, first);
  Words c1 = hn::Set(du, stream);
  Words c2 = hn::Set(du, state.upper);
  Words c3 = hn::Set(du, 0x50726967u);
  uint32_t key0 = state.key[0], key1 = state.key[1];
  const auto multiply = [&](Words a, Words factor, Words& low, Words& high) HWY_ATTR {
#if HWY_TARGET == HWY_SCALAR
    const uint64_t product = uint64_t{hn::GetLane(a)} * hn::GetLane(factor);
    low = hn::Set(du, static_cast<uint32_t>(product));
    high = hn::Set(du, static_cast<uint32_t>(product >> 32));
#else
    const hn::RepartitionToWide<GroupWords> dw;
    const auto even = hn::MulEven(a, factor);
    const auto odd = hn::MulEven(hn::BitCast(du, hn::ShiftRight<32>(hn::BitCast(dw, a))), factor);
    low = hn::OddEven(hn::BitCast(du, hn::ShiftLeft<32>(odd)), hn::BitCast(du, even));
    high = hn::OddEven(hn::BitCast(du, odd), hn::BitCast(du, hn::ShiftRight<32>(even)));
#endif
  };
  for (int round = 0; round < 7; ++round) {
    Words low0, high0, low2, high2;
    multiply(c0, even_factor, low0, high0);
    multiply(c2, odd_factor, low2, high2);
    c0 = hn::Xor(hn::Xor(high2, c1), hn::Set(du, key0));
    c1 = low2;
    c2 = hn::Xor(hn::Xor(high0, c3), hn::Set(du, key1));
    c3 = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

// Calls use(words, first of 64 places, place within 16) for each vector of blocks; word w of block b belongs to place
// b / 16 * 64 + 16 w + b % 16.
template <class Use>
HWY_INLINE void for_each_block(const BulkRandom::State& state, uint32_t stream, size_t count, const Use& use) {
  for (size_t start = 0; start < count; start += 4 * kGroup) {
    for (size_t part = 0; part < kGroupParts; ++part) {
      Words words[4];
      philox_lanes(state, stream, static_cast<uint32_t>(start / 4 + part * kGroupLanes), words);
      use(words, start, part * kGroupLanes);
    }
  }
}

void normal_values(const BulkRandom::State& state, uint32_t stream, float mean, float deviation, float* out,
                   size_t count) {
  const GroupFloats d;
  const hn::RebindToSigned<GroupFloats> di;
  using V = hn::Vec<GroupFloats>;
  const V mean_v = hn::Set(d, mean);
  const V deviation_v = hn::Set(d, deviation);
  alignas(64) float last[4 * kGroup];
  for_each_block(state, stream, count, [&](const Words words[4], size_t start, size_t place) HWY_ATTR {
    float* to = (start + 4 * kGroup <= count ? out + start : last) + place;
    for (size_t pair = 0; pair < 2; ++pair) {
      const V upper = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<1>(words[2 * pair])));
      const V u = hn::MulAdd(upper, hn::Set(d, 0x1p-31f), hn::Set(d, 0x1p-32f));  // in (0, 1]
      const V radius =
          hn::Mul(hn::Sqrt(hn::Max(hn::Mul(log_normal_f32(d, u), hn::Set(d, -2.0f)), hn::Zero(d))), deviation_v);
      V sine, cosine;
      sine_cosine_of_phase(d, words[2 * pair + 1], sine, cosine);
      hn::StoreU(hn::MulAdd(radius, cosine, mean_v), d, to + 2 * pair * kGroup);
      hn::StoreU(hn::MulAdd(radius, sine, mean_v), d, to + (2 * pair + 1) * kGroup);
    }
  });
  const size_t whole = count / (4 * kGroup) * (4 * kGroup);
  for (size_t i = whole; i < count; ++i) out[i] = last[i - whole];
}

void uniform_values(const BulkRandom::State& state, uint32_t stream, float low, float high, float* out, size_t count) {
  const GroupFloats d;
  const hn::RebindToSigned<GroupFloats> di;
  const auto scale = hn::Set(d, (high - low) * 0x1p-24f);
  const auto offset = hn::Set(d, low);
  const auto highest = hn::Set(d, std::nextafter(high, low));
  alignas(64) float last[4 * kGroup];
  for_each_block(state, stream, count, [&](const Words words[4], size_t start, size_t place) HWY_ATTR {
    float* to = (start + 4 * kGroup <= count ? out + start : last) + place;
    for (size_t w = 0; w < 4; ++w) {
      const auto u = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftRight<8>(words[w])));
      hn::StoreU(hn::Min(hn::MulAdd(u, scale, offset), highest), d, to + w * kGroup);
    }
  });
  const size_t whole = count / (4 * kGroup) * (4 * kGroup);
  for (size_t i = whole; i < count; ++i) out[i] = last[i - whole];
}

void bit_values(const BulkRandom::State& state, uint32_t stream, uint32_t* out, size_t count) {
  const GroupWords du;
  alignas(64) uint32_t last[4 * kGroup];
  for_each_block(state, stream, count, [&](const Words words[4], size_t start, size_t place) HWY_ATTR {
    uint32_t* to = (start + 4 * kGroup <= count ? out + start : last) + place;
    for (size_t w = 0; w < 4; ++w) hn::StoreU(words[w], du, to + w * kGroup);
  });
  const size_t whole = count / (4 * kGroup) * (4 * kGroup);
  for (size_t i = whole; i < count; ++i) out[i] = last[i - whole];
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::prior
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::prior {

HWY_EXPORT(normal_values);
HWY_EXPORT(uniform_values);
HWY_EXPORT(bit_values);

BulkRandom::BulkRandom(const Rng& rng) {
  const uint64_t key = rng.bits(0);
  state_ = {{static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)}, static_cast<uint32_t>(rng.bits(1))};
}

void BulkRandom::normal(uint32_t stream, float mean, float deviation, float* out, size_t count) const {
  HWY_DYNAMIC_DISPATCH(normal_values)(state_, stream, mean, deviation, out, count);
}

void BulkRandom::uniform(uint32_t stream, float low, float high, float* out, size_t count) const {
  assert(low < high);
  HWY_DYNAMIC_DISPATCH(uniform_values)(state_, stream, low, high, out, count);
}

void BulkRandom::bits(uint32_t stream, uint32_t* out, size_t count) const {
  HWY_DYNAMIC_DISPATCH(bit_values)(state_, stream, out, count);
}

}  // namespace manyshot::prior
#endif
