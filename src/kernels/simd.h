// Which instruction set the kernels use. Chosen once from the processor; MANYSHOT_SIMD or limit_simd() can lower it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace manyshot::kernels {

enum class SimdLevel { kBaseline, kSse4, kNeon, kAvx2, kAvx512, kAvx512Bf16, kAmxBf16 };

// The level in use: the best one the processor and the operating system have, lowered by the environment variable
// MANYSHOT_SIMD (baseline, sse4, neon, avx2, avx512, avx512_bf16, amx_bf16) when that is set. Throws Error(kBadInput)
// for another value of it and Error(kUnsupported) for a level this machine does not have.
SimdLevel simd_level();

// Lowers the level for the whole process, for tests; nullptr lifts every limit (MANYSHOT_SIMD too). Errors as
// simd_level(). Not safe while kernels run in other threads.
void limit_simd(const char* name);

// Levels this machine has, lowest first.
std::vector<SimdLevel> available_simd_levels();
// Whether there are kernels for bf16 at the level.
constexpr bool has_bf16(SimdLevel level) { return level >= SimdLevel::kAvx512Bf16; }
const char* simd_name(SimdLevel level);  // as MANYSHOT_SIMD spells it

}  // namespace manyshot::kernels
