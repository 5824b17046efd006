#include "model/dtype.h"

#include "core/error.h"
#include "kernels/simd.h"

namespace manyshot {

using kernels::simd_level;
using kernels::simd_name;
using kernels::SimdLevel;

DType choose_dtype(std::optional<DType> wanted) {
  const bool has_bf16 = kernels::has_bf16(kernels::simd_level());
  if (wanted == DType::kBFloat16 && !has_bf16) {
    fail(ErrorKind::kUnsupported,
         "dtype bfloat16 needs a processor with avx512_bf16, in use is {}: take float32 or auto",
         simd_name(simd_level()));
  }
  return wanted.value_or(has_bf16 ? DType::kBFloat16 : DType::kFloat32);
}

}  // namespace manyshot
