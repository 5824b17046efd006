// f32 values to the number types that GGUF and safetensors files are written in.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/names.h"
#include "model/files/gguf_dequantize.h"

namespace manyshot {

// Number types that weights are written in; safetensors files have no q8_0.
enum class FileDtype { kFloat32, kFloat16, kBFloat16, kQ8_0 };
constexpr auto names_of(FileDtype) {
  return std::to_array<Named<FileDtype>>({{FileDtype::kFloat32, "float32"},
                                          {FileDtype::kFloat16, "float16"},
                                          {FileDtype::kBFloat16, "bfloat16"},
                                          {FileDtype::kQ8_0, "q8_0"},
                                          {FileDtype::kFloat32, "f32", /*alias=*/true},
                                          {FileDtype::kFloat32, "fp32", /*alias=*/true},
                                          {FileDtype::kFloat16, "f16", /*alias=*/true},
                                          {FileDtype::kFloat16, "fp16", /*alias=*/true},
                                          {FileDtype::kBFloat16, "bf16", /*alias=*/true}});
}
GgmlType ggml_type(FileDtype dtype);

// Appends the stored form of `values` to `out`, rounded to nearest, ties to even; Q8_0 as ggml's reference code does:
// blocks of 32, scale = largest magnitude / 127 as f16. Values beyond f16 become infinite. REQUIRES: kF32, kF16, kBF16
// or kQ8_0, and whole blocks.
void quantize(GgmlType type, std::span<const float> values, std::vector<std::byte>& out);

}  // namespace manyshot
