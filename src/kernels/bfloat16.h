// bfloat16: the upper half of a float32.
#pragma once

#include <bit>
#include <cstdint>

namespace manyshot::kernels {

struct BFloat16 {
  uint16_t bits = 0;

  BFloat16() = default;
  // Round to nearest, ties to even. REQUIRES: not NaN.
  explicit BFloat16(float value) {
    const uint32_t u = std::bit_cast<uint32_t>(value);
    bits = static_cast<uint16_t>((u + 0x7FFFu + ((u >> 16) & 1u)) >> 16);
  }
  explicit operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
};
static_assert(sizeof(BFloat16) == 2);

}  // namespace manyshot::kernels
