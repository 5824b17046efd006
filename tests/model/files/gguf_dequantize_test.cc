// Each type against its definition, one value at a time, as ggml's format gives it.
#include "model/files/gguf_dequantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "core/rng.h"

namespace manyshot {
namespace {

using Bytes = const uint8_t*;

float half(Bytes bytes) {
  const int bits = bytes[0] | bytes[1] << 8;
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float sign = bits >> 15 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return exponent == 0 ? sign * std::ldexp(static_cast<float>(fraction), -24)
                       : sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

int nibble(Bytes bytes, int i) { return i < 16 ? bytes[i] & 15 : bytes[i - 16] >> 4; }
int bit(Bytes bytes, int i) { return bytes[i / 8] >> i % 8 & 1; }

// Scale (which = 0) or least value (which = 1) of sub-block s of a Q4_K or Q5_K block, as the manual of k-quants draws
// them.
int sub_scale(Bytes packed, int s, int which) {
  if (s < 4) return packed[s + 4 * which] & 63;
  const int low = which == 0 ? packed[s + 4] & 15 : packed[s + 4] >> 4;
  return low | packed[s - 4 + 4 * which] >> 6 << 4;
}

struct Definition {
  GgmlType type;
  std::vector<size_t> halves;                      // where f16 scales stand
  std::function<float(Bytes block, int i)> value;  // value i of a block
};

std::vector<Definition> definitions() {
  return {
      {GgmlType::kF16, {0}, [](Bytes b, int) { return half(b); }},
      {GgmlType::kQ4_0, {0}, [](Bytes b, int i) { return half(b) * static_cast<float>(nibble(b + 2, i) - 8); }},
      {GgmlType::kQ4_1,
       {0, 2},
       [](Bytes b, int i) { return half(b) * static_cast<float>(nibble(b + 4, i)) + half(b + 2); }},
      {GgmlType::kQ5_0,
       {0},
       [](Bytes b, int i) { return half(b) * static_cast<float>((nibble(b + 6, i) | bit(b + 2, i) << 4) - 16); }},
      {GgmlType::kQ5_1,
       {0, 2},
       [](Bytes b, int i) {
         return half(b) * static_cast<float>(nibble(b + 8, i) | bit(b + 4, i) << 4) + half(b + 2);
       }},
      {GgmlType::kQ8_0,
       {0},
       [](Bytes b, int i) { return half(b) * static_cast<float>(static_cast<int8_t>(b[2 + i])); }},
      {GgmlType::kQ4_K,
       {0, 2},
       [](Bytes b, int i) {
         const int s = i / 32;
         const int q = b[16 + i / 64 * 32 + i % 32] >> (s % 2 * 4) & 15;
         return half(b) * static_cast<float>(sub_scale(b + 4, s, 0)) * static_cast<float>(q) -
                half(b + 2) * static_cast<float>(sub_scale(b + 4, s, 1));
       }},
      {GgmlType::kQ5_K,
       {0, 2},
       [](Bytes b, int i) {
         const int s = i / 32;
         const int q = (b[48 + i / 64 * 32 + i % 32] >> (s % 2 * 4) & 15) | (b[16 + i % 32] >> s & 1) << 4;
         return half(b) * static_cast<float>(sub_scale(b + 4, s, 0)) * static_cast<float>(q) -
                half(b + 2) * static_cast<float>(sub_scale(b + 4, s, 1));
       }},
      {GgmlType::kQ6_K,
       {208},
       [](Bytes b, int i) {
         const int in_half = i % 128;
         const int low = b[i / 128 * 64 + in_half % 64] >> (in_half / 64 * 4) & 15;
         const int high = b[128 + i / 128 * 32 + in_half % 32] >> (in_half / 32 * 2) & 3;
         return half(b + 208) * static_cast<float>(static_cast<int8_t>(b[192 + i / 16])) *
                static_cast<float>((low | high << 4) - 32);
       }},
  };
}

TEST(Dequantize, EveryValueOfEveryType) {
  const Rng rng(7);
  for (const Definition& definition : definitions()) {
    const GgmlLayout& layout = ggml_layout(definition.type);
    constexpr size_t kBlocks = 300;
    std::vector<uint8_t> bytes(kBlocks * layout.block_bytes);
    const Rng stream = rng.child(layout.name);
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(stream.bits(i));
    for (size_t block = 0; block < kBlocks; ++block) {
      for (size_t offset : definition.halves)
        bytes[block * layout.block_bytes + offset + 1] &= 0xBB;  // neither infinite nor NaN
    }
    std::vector<float> values(kBlocks * layout.block_values);
    dequantize(definition.type, std::as_bytes(std::span(bytes)), values);
    for (size_t i = 0; i < values.size(); ++i) {
      const Bytes block = bytes.data() + i / layout.block_values * layout.block_bytes;
      const float expected = definition.value(block, static_cast<int>(i % layout.block_values));
      ASSERT_EQ(std::memcmp(&values[i], &expected, sizeof expected), 0)
          << layout.name << " value " << i << ": " << values[i] << ", expected " << expected;
    }
  }
}

TEST(Dequantize, EveryHalf) {
  std::vector<uint16_t> bits(1 << 16);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<uint16_t>(i);
  std::vector<float> values(bits.size());
  dequantize(GgmlType::kF16, std::as_bytes(std::span(bits)), values);
  for (size_t i = 0; i < bits.size(); ++i) {
    const float expected = half(reinterpret_cast<Bytes>(&bits[i]));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(values[i])) << i;
    } else {
      ASSERT_EQ(std::memcmp(&values[i], &expected, sizeof expected), 0) << i;
    }
  }
}

TEST(Dequantize, PlainFloatsAtOddAddresses) {
  const float values[] = {1.5f, -0.0f, 1e-40f};
  const uint16_t bf16[] = {0x3FC0, 0x8000, 0x0001};
  std::vector<std::byte> bytes(1 + sizeof values);
  std::vector<float> out(3);
  std::memcpy(bytes.data() + 1, values, sizeof values);
  dequantize(GgmlType::kF32, std::span(bytes).subspan(1), out);
  EXPECT_EQ(std::memcmp(out.data(), values, sizeof values), 0);
  std::memcpy(bytes.data() + 1, bf16, sizeof bf16);
  dequantize(GgmlType::kBF16, std::span(bytes).subspan(1, sizeof bf16), out);
  EXPECT_EQ(out, (std::vector<float>{1.5f, -0.0f, std::ldexp(1.0f, -133)}));
}

}  // namespace
}  // namespace manyshot
