// How a model computes: the number type of its matrix products, and the engine.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/names.h"

namespace manyshot {

enum class DType { kFloat32, kBFloat16 };
constexpr auto names_of(DType) {
  return std::to_array<Named<DType>>({{DType::kFloat32, "float32"},
                                      {DType::kFloat32, "f32", true},
                                      {DType::kFloat32, "fp32", true},
                                      {DType::kBFloat16, "bfloat16"},
                                      {DType::kBFloat16, "bf16", true}});
}

// Bytes of one number.
constexpr uint64_t dtype_bytes(DType dtype) { return dtype == DType::kBFloat16 ? 2 : 4; }

// The wanted type; for nothing ("auto") bfloat16 where the processor multiplies it natively, else float32. Throws
// Error(kUnsupported) for bfloat16 on a processor without avx512_bf16.
DType choose_dtype(std::optional<DType> wanted = std::nullopt);

enum class Engine {
  kAuto,
  kFused,
  kReference,  // compact models: libtorch, dense masks; slow, for checking
};
constexpr auto names_of(Engine) {
  return std::to_array<Named<Engine>>(
      {{Engine::kAuto, "auto"}, {Engine::kFused, "fused"}, {Engine::kReference, "reference"}});
}

}  // namespace manyshot
