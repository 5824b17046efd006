// The number type of a model's matrix products.
#pragma once

#include <string>

namespace manyshot {

enum class DType { kFloat32, kBFloat16 };

// "auto" is bfloat16 where the processor multiplies it natively, else float32. Throws Error(kBadInput) for an unknown
// name, Error(kUnsupported) for bfloat16 on a processor without avx512_bf16.
DType choose_dtype(const std::string& name);

}  // namespace manyshot
