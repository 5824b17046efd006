#include "model/files/gguf_quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/error.h"
#include "kernels/bfloat16.h"

namespace manyshot {

using kernels::BFloat16;

namespace {

constexpr size_t kQ8Block = 32;

template <class T>
void append(std::vector<std::byte>& out, T value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

// IEEE binary16, rounded to nearest, ties to even. Adding `magic` lines the value up so that the f32 addition rounds at
// the half's last bit.
uint16_t half_bits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;   // NaN
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;  // 65520 and more
  if (magnitude < 0x38800000u) {                        // below 2^-14: a multiple of 2^-24
    const float magic = 0.5f;
    const uint32_t sum = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + magic);
    return sign | static_cast<uint16_t>(sum - std::bit_cast<uint32_t>(magic));
  }
  const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return sign | static_cast<uint16_t>((rounded - 0x38000000u) >> 13);
}

void append_q8_0(std::span<const float> block, std::vector<std::byte>& out) {
  float largest = 0;
  for (const float value : block) largest = std::max(largest, std::abs(value));
  const float scale = largest / 127, inverse = scale == 0 ? 0 : 1 / scale;
  append(out, half_bits(scale));
  for (const float value : block) append(out, static_cast<int8_t>(std::round(value * inverse)));
}

}  // namespace

GgmlType ggml_type(FileDtype dtype) {
  switch (dtype) {
    case FileDtype::kFloat32:
      return GgmlType::kF32;
    case FileDtype::kFloat16:
      return GgmlType::kF16;
    case FileDtype::kBFloat16:
      return GgmlType::kBF16;
    case FileDtype::kQ8_0:
      return GgmlType::kQ8_0;
  }
  return GgmlType::kF32;
}

void quantize(GgmlType type, std::span<const float> values, std::vector<std::byte>& out) {
  switch (type) {
    case GgmlType::kF32: {
      const auto bytes = std::as_bytes(values);
      out.insert(out.end(), bytes.begin(), bytes.end());
      return;
    }
    case GgmlType::kF16:
      for (const float value : values) append(out, half_bits(value));
      return;
    case GgmlType::kBF16:
      for (const float value : values) append(out, BFloat16(value).bits);
      return;
    case GgmlType::kQ8_0:
      for (size_t begin = 0; begin < values.size(); begin += kQ8Block)
        append_q8_0(values.subspan(begin, kQ8Block), out);
      return;
    default:
      fail(ErrorKind::kInternal, "{} cannot be written", ggml_layout(type).name);
  }
}

}  // namespace manyshot
