#include "model/dtype.h"

#include "core/error.h"
#include "core/text.h"
#include "kernels/simd.h"

namespace manyshot {

using kernels::simd_level;
using kernels::simd_name;
using kernels::SimdLevel;
std::string_view dtype_name(DType dtype) { return dtype == DType::kBFloat16 ? "bfloat16" : "float32"; }

uint64_t dtype_bytes(DType dtype) { return dtype == DType::kBFloat16 ? 2 : 4; }

DType choose_dtype(const std::string& name) {
  const bool has_bf16 = simd_level() == SimdLevel::kAvx512Bf16;
  if (name == "auto") return has_bf16 ? DType::kBFloat16 : DType::kFloat32;
  if (name == "float32") return DType::kFloat32;
  if (name != "bfloat16") {
    fail(ErrorKind::kBadInput, "dtype \"{}\" is unknown; expected auto, float32 or bfloat16", excerpt(name));
  }
  if (!has_bf16) {
    fail(ErrorKind::kUnsupported,
         "dtype bfloat16 needs a processor with avx512_bf16, in use is {}: take float32 or auto",
         simd_name(simd_level()));
  }
  return DType::kBFloat16;
}

}  // namespace manyshot
