// f32 values to the number types that GGUF and safetensors files are written in.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/files/gguf_dequantize.h"

namespace manyshot {

// "float32", "float16", "bfloat16" or "q8_0", in any case, and the short forms f32, f16, bf16. Throws Error(kBadInput).
GgmlType parse_file_dtype(std::string_view name);

// Appends the stored form of `values` to `out`, rounded to nearest, ties to even; Q8_0 as ggml's reference code does:
// blocks of 32, scale = largest magnitude / 127 as f16. Values beyond f16 become infinite. REQUIRES: kF32, kF16, kBF16
// or kQ8_0, and whole blocks.
void quantize(GgmlType type, std::span<const float> values, std::vector<std::byte>& out);

}  // namespace manyshot
