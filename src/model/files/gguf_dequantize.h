// Quantised values of GGUF files: how ggml packs them, and back to f32 (docs/formats/gguf.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace manyshot {

// The types that can be read; the numbers are those of the files.
enum class GgmlType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kBF16 = 30,
};

// A row is stored as blocks of `block_values` values in `block_bytes` bytes each.
struct GgmlLayout {
  GgmlType type;
  const char* name;  // "Q4_1"
  uint32_t block_values, block_bytes;
};
const GgmlLayout& ggml_layout(GgmlType type);

// The layout of a file's type number, or nullptr if it is none of the above.
const GgmlLayout* find_ggml_layout(uint32_t number);
// "IQ4_XS", also for types that cannot be read; "number 99" for those nobody knows.
std::string ggml_type_text(uint32_t number);
// "F32, F16, Q4_0, …"
std::string readable_ggml_types();

// Whole blocks to f32, bit for bit what the `gguf` Python package computes (NaN payloads aside). The bytes need no
// alignment. REQUIRES: bytes.size() is a multiple of block_bytes, and out holds block_values for each block.
void dequantize(GgmlType type, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace manyshot
