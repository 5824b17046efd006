#include "kernels/simd.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "core/error.h"
#include "kernels/gemm_amx.h"

namespace manyshot::kernels {
namespace {

struct Level {
  SimdLevel level;
  const char* name;
  int64_t highway_targets;  // targets of the f32 kernels at this level; 0: baseline only
};
constexpr Level kLevels[] = {
    {SimdLevel::kBaseline, "baseline", 0},
    {SimdLevel::kSse4, "sse4", HWY_SSSE3 | HWY_SSE4},
    {SimdLevel::kNeon, "neon", HWY_NEON},
    {SimdLevel::kAvx2, "avx2", HWY_SSSE3 | HWY_SSE4 | HWY_AVX2},
    {SimdLevel::kAvx512, "avx512", HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3 | HWY_AVX3_DL},
    {SimdLevel::kAvx512Bf16, "avx512_bf16", HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3 | HWY_AVX3_DL},
    {SimdLevel::kAmxBf16, "amx_bf16", HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3 | HWY_AVX3_DL},
};

bool has_avx512_bf16() {
#if defined(__x86_64__)
  // Reads cpuid and, through xgetbv, whether the operating system saves the registers.
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

// Before any limit of ours.
int64_t machine_targets() {
  static const int64_t targets = hwy::SupportedTargets();
  return targets;
}

bool machine_has(const Level& level) {
  if (level.level == SimdLevel::kBaseline) return true;
  if (has_bf16(level.level) && !has_avx512_bf16()) return false;
  if (level.level == SimdLevel::kAmxBf16 && !has_amx()) return false;
  const int64_t highest = level.highway_targets & -level.highway_targets;  // smaller bits are better targets
  const int64_t wanted = level.highway_targets & HWY_AVX3_DL ? HWY_AVX3 : highest;
  return (machine_targets() & wanted) != 0;
}

std::mutex mutex;
bool chosen = false;
SimdLevel current = SimdLevel::kBaseline;

const Level& level_named(std::string_view name) {
  for (const Level& level : kLevels) {
    if (name == level.name) return level;
  }
  std::string names;
  for (SimdLevel level : available_simd_levels())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", simd_name(level));
  fail(ErrorKind::kBadInput, "MANYSHOT_SIMD: unknown instruction set \"{}\"; this machine has {}", name, names);
}

void use(const char* name) {
  machine_targets();
  hwy::DisableTargets(0);
  if (name == nullptr) {
    current = available_simd_levels().back();
  } else {
    const Level& level = level_named(name);
    if (!machine_has(level)) {
      fail(ErrorKind::kUnsupported, "MANYSHOT_SIMD={}: this processor does not have it; unset MANYSHOT_SIMD to use {}",
           name, simd_name(available_simd_levels().back()));
    }
    current = level.level;
    hwy::DisableTargets(~(level.highway_targets | HWY_STATIC_TARGET));
  }
  chosen = true;
}

}  // namespace

SimdLevel simd_level() {
  std::lock_guard lock(mutex);
  if (!chosen) {
    const char* name = std::getenv("MANYSHOT_SIMD");
    use(name != nullptr && *name != '\0' ? name : nullptr);
  }
  return current;
}

void limit_simd(const char* name) {
  std::lock_guard lock(mutex);
  use(name);
}

std::vector<SimdLevel> available_simd_levels() {
  std::vector<SimdLevel> levels;
  for (const Level& level : kLevels) {
    if (machine_has(level)) levels.push_back(level.level);
  }
  return levels;
}

const char* simd_name(SimdLevel level) {
  return std::find_if(std::begin(kLevels), std::end(kLevels), [&](const Level& l) { return l.level == level; })->name;
}

}  // namespace manyshot::kernels
