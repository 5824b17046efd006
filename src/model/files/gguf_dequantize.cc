#include "model/files/gguf_dequantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

namespace manyshot {
namespace {

constexpr GgmlLayout kLayouts[] = {
    {GgmlType::kF32, "F32", 1, 4},       {GgmlType::kF16, "F16", 1, 2},       {GgmlType::kBF16, "BF16", 1, 2},
    {GgmlType::kQ4_0, "Q4_0", 32, 18},   {GgmlType::kQ4_1, "Q4_1", 32, 20},   {GgmlType::kQ5_0, "Q5_0", 32, 22},
    {GgmlType::kQ5_1, "Q5_1", 32, 24},   {GgmlType::kQ8_0, "Q8_0", 32, 34},   {GgmlType::kQ4_K, "Q4_K", 256, 144},
    {GgmlType::kQ5_K, "Q5_K", 256, 176}, {GgmlType::kQ6_K, "Q6_K", 256, 210},
};

struct UnreadableType {
  uint32_t number;
  const char* name;
};
constexpr UnreadableType kUnreadable[] = {
    {9, "Q8_1"},     {10, "Q2_K"},  {11, "Q3_K"},   {15, "Q8_K"},  {16, "IQ2_XXS"}, {17, "IQ2_XS"},
    {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"},   {23, "IQ4_XS"},
    {24, "I8"},      {25, "I16"},   {26, "I32"},    {27, "I64"},   {28, "F64"},     {29, "IQ1_M"},
    {34, "TQ1_0"},   {35, "TQ2_0"}, {39, "MXFP4"},  {40, "NVFP4"}, {41, "Q1_0"},
};

constexpr int kBlock = 32;        // values of a plain block
constexpr int kSuperBlock = 256;  // values of a K block: 8 sub-blocks of 32
constexpr int kSubBlocks = kSuperBlock / kBlock;

// Exponent and fraction move into place by integer adds; subnormal halves are mended by one subtraction. No branch, so
// that loops over it become SIMD code.
inline float half_to_float(uint16_t half) {
  constexpr uint32_t kExponent = 0x7C00u << 13;
  const uint32_t magnitude = (half & 0x7FFFu) << 13;
  const uint32_t exponent = magnitude & kExponent;
  const uint32_t normal = magnitude + ((127u - 15u) << 23);
  const uint32_t special = normal + ((128u - 16u) << 23);  // infinity and NaN
  const float tiny = std::bit_cast<float>(normal + (1u << 23)) - std::bit_cast<float>(113u << 23);
  const uint32_t bits = exponent == kExponent ? special : exponent == 0 ? std::bit_cast<uint32_t>(tiny) : normal;
  return std::bit_cast<float>(bits | (half & 0x8000u) << 16);
}

// The blocks, field for field as they stand in the file. A half is kept as its bits.
struct BlockQ4_0 {
  uint16_t scale;
  uint8_t low_high[kBlock / 2];  // values i and i + 16 share a byte

  void decode(float* out) const {
    const float d = half_to_float(scale);
    for (int i = 0; i < kBlock / 2; ++i) {
      out[i] = d * static_cast<float>((low_high[i] & 15) - 8);
      out[i + kBlock / 2] = d * static_cast<float>((low_high[i] >> 4) - 8);
    }
  }
};

struct BlockQ4_1 {
  uint16_t scale, least;
  uint8_t low_high[kBlock / 2];

  void decode(float* out) const {
    const float d = half_to_float(scale), m = half_to_float(least);
    for (int i = 0; i < kBlock / 2; ++i) {
      out[i] = d * static_cast<float>(low_high[i] & 15) + m;
      out[i + kBlock / 2] = d * static_cast<float>(low_high[i] >> 4) + m;
    }
  }
};

// Values 0..31 of a block whose fifth bits stand apart, value i's in bit i.
inline void join_five_bits(const uint8_t (&fifth_bits)[4], const uint8_t (&low_high)[kBlock / 2],
                           int (&values)[kBlock]) {
  constexpr uint8_t kBit[] = {1, 2, 4, 8, 16, 32, 64, 128};
  for (int i = 0; i < kBlock; ++i) values[i] = (fifth_bits[i / 8] & kBit[i % 8]) != 0 ? 16 : 0;
  for (int i = 0; i < kBlock / 2; ++i) {
    values[i] |= low_high[i] & 15;
    values[i + kBlock / 2] |= low_high[i] >> 4;
  }
}

struct BlockQ5_0 {
  uint16_t scale;
  uint8_t fifth_bits[4];
  uint8_t low_high[kBlock / 2];

  void decode(float* out) const {
    const float d = half_to_float(scale);
    int values[kBlock];
    join_five_bits(fifth_bits, low_high, values);
    for (int i = 0; i < kBlock; ++i) out[i] = d * static_cast<float>(values[i] - 16);
  }
};

struct BlockQ5_1 {
  uint16_t scale, least;
  uint8_t fifth_bits[4];
  uint8_t low_high[kBlock / 2];

  void decode(float* out) const {
    const float d = half_to_float(scale), m = half_to_float(least);
    int values[kBlock];
    join_five_bits(fifth_bits, low_high, values);
    for (int i = 0; i < kBlock; ++i) out[i] = d * static_cast<float>(values[i]) + m;
  }
};

struct BlockQ8_0 {
  uint16_t scale;
  int8_t values[kBlock];

  void decode(float* out) const {
    const float d = half_to_float(scale);
    for (int i = 0; i < kBlock; ++i) out[i] = static_cast<float>(values[i]) * d;
  }
};

// Scale and least value of each sub-block of a Q4_K or Q5_K block, six bits each: bytes 0-3 and 4-7 hold those of
// sub-blocks 0-3, bytes 8-11 the lower four bits of sub-blocks 4-7, whose upper two are the top bits of bytes 0-7.
struct SubBlockScales {
  uint8_t scale[kSubBlocks], least[kSubBlocks];

  explicit SubBlockScales(const uint8_t (&packed)[12]) {
    for (int i = 0; i < 4; ++i) {
      scale[i] = packed[i] & 63;
      least[i] = packed[i + 4] & 63;
      scale[i + 4] = static_cast<uint8_t>((packed[i + 8] & 15) | (packed[i] >> 6) << 4);
      least[i + 4] = static_cast<uint8_t>((packed[i + 8] >> 4) | (packed[i + 4] >> 6) << 4);
    }
  }
};

struct BlockQ4_K {
  uint16_t scale, least;
  uint8_t sub_scales[12];
  uint8_t low_high[kSuperBlock / 2];  // sub-blocks 2k and 2k + 1 share 32 bytes

  void decode(float* out) const {
    const float d = half_to_float(scale), m = half_to_float(least);
    const SubBlockScales sub(sub_scales);
    for (int s = 0; s < kSubBlocks; ++s) {
      const float ds = d * static_cast<float>(sub.scale[s]), ms = m * static_cast<float>(sub.least[s]);
      const uint8_t* bytes = low_high + s / 2 * kBlock;
      const int shift = s % 2 * 4;
      for (int i = 0; i < kBlock; ++i) out[s * kBlock + i] = ds * static_cast<float>(bytes[i] >> shift & 15) - ms;
    }
  }
};

struct BlockQ5_K {
  uint16_t scale, least;
  uint8_t sub_scales[12];
  uint8_t fifth_bits[kBlock];  // bit s of byte i: value i of sub-block s
  uint8_t low_high[kSuperBlock / 2];

  void decode(float* out) const {
    const float d = half_to_float(scale), m = half_to_float(least);
    const SubBlockScales sub(sub_scales);
    for (int s = 0; s < kSubBlocks; ++s) {
      const float ds = d * static_cast<float>(sub.scale[s]), ms = m * static_cast<float>(sub.least[s]);
      const uint8_t* bytes = low_high + s / 2 * kBlock;
      const int shift = s % 2 * 4;
      for (int i = 0; i < kBlock; ++i) {
        const int value = (bytes[i] >> shift & 15) | (fifth_bits[i] >> s & 1) << 4;
        out[s * kBlock + i] = ds * static_cast<float>(value) - ms;
      }
    }
  }
};

struct BlockQ6_K {
  uint8_t low_high[kSuperBlock / 2];    // lower four bits: in each half, sub-blocks 0 and 2, 1 and 3 share 32 bytes
  uint8_t upper_bits[kSuperBlock / 4];  // upper two bits: the four sub-blocks of a half share 32 bytes
  int8_t scales[kSuperBlock / 16];      // one for each 16 values
  uint16_t scale;

  void decode(float* out) const {
    const float d = half_to_float(scale);
    for (int s = 0; s < kSubBlocks; ++s) {
      const int half = s / 4, in_half = s % 4;
      const uint8_t* low = low_high + half * 64 + in_half % 2 * kBlock;
      const uint8_t* upper = upper_bits + half * kBlock;
      const int low_shift = in_half / 2 * 4, upper_shift = in_half * 2;
      for (int part = 0; part < 2; ++part) {
        const float ds = d * static_cast<float>(scales[s * 2 + part]);
        for (int i = part * 16; i < part * 16 + 16; ++i) {
          const int value = (low[i] >> low_shift & 15) | (upper[i] >> upper_shift & 3) << 4;
          out[s * kBlock + i] = ds * static_cast<float>(value - 32);
        }
      }
    }
  }
};

template <class Block, int kValues>
void decode_blocks(std::span<const std::byte> bytes, std::span<float> out) {
  const size_t count = bytes.size() / sizeof(Block);
  for (size_t i = 0; i < count; ++i) {
    Block block;
    std::memcpy(&block, bytes.data() + i * sizeof(Block), sizeof(Block));
    block.decode(out.data() + i * kValues);
  }
}

template <class Convert>
void decode_16_bit(std::span<const std::byte> bytes, std::span<float> out, Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes.data() + i * sizeof bits, sizeof bits);
    out[i] = convert(bits);
  }
}

}  // namespace

const GgmlLayout* find_ggml_layout(uint32_t number) {
  const auto* found = std::find_if(std::begin(kLayouts), std::end(kLayouts), [&](const GgmlLayout& layout) {
    return static_cast<uint32_t>(layout.type) == number;
  });
  return found == std::end(kLayouts) ? nullptr : found;
}

const GgmlLayout& ggml_layout(GgmlType type) { return *find_ggml_layout(static_cast<uint32_t>(type)); }

std::string ggml_type_text(uint32_t number) {
  if (const GgmlLayout* layout = find_ggml_layout(number)) return layout->name;
  for (const UnreadableType& type : kUnreadable) {
    if (type.number == number) return type.name;
  }
  return fmt::format("number {}", number);
}

std::string readable_ggml_types() {
  std::string text;
  for (const GgmlLayout& layout : kLayouts) {
    if (!text.empty()) text += ", ";
    text += layout.name;
  }
  return text;
}

void dequantize(GgmlType type, std::span<const std::byte> bytes, std::span<float> out) {
  switch (type) {
    case GgmlType::kF32:
      if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
      return;
    case GgmlType::kF16:
      return decode_16_bit(bytes, out, half_to_float);
    case GgmlType::kBF16:
      return decode_16_bit(bytes, out, [](uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); });
    case GgmlType::kQ4_0:
      return decode_blocks<BlockQ4_0, kBlock>(bytes, out);
    case GgmlType::kQ4_1:
      return decode_blocks<BlockQ4_1, kBlock>(bytes, out);
    case GgmlType::kQ5_0:
      return decode_blocks<BlockQ5_0, kBlock>(bytes, out);
    case GgmlType::kQ5_1:
      return decode_blocks<BlockQ5_1, kBlock>(bytes, out);
    case GgmlType::kQ8_0:
      return decode_blocks<BlockQ8_0, kBlock>(bytes, out);
    case GgmlType::kQ4_K:
      return decode_blocks<BlockQ4_K, kSuperBlock>(bytes, out);
    case GgmlType::kQ5_K:
      return decode_blocks<BlockQ5_K, kSuperBlock>(bytes, out);
    case GgmlType::kQ6_K:
      return decode_blocks<BlockQ6_K, kSuperBlock>(bytes, out);
  }
}

}  // namespace manyshot
