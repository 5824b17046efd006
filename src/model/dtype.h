// The number type of a model's matrix products.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace manyshot {

enum class DType { kFloat32, kBFloat16 };

std::string_view dtype_name(DType dtype);  // "float32", "bfloat16"
uint64_t dtype_bytes(DType dtype);         // of one number

// "auto" is bfloat16 where the processor multiplies it natively, else float32. Throws Error(kBadInput) for an unknown
// name, Error(kUnsupported) for bfloat16 on a processor without avx512_bf16.
DType choose_dtype(const std::string& name);

}  // namespace manyshot
