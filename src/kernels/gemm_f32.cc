#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm_f32.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/gemm_f32-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {

void gemm_f32(const float* a, size_t lda, size_t M, const Panels<float>& b, float* c, size_t ldc, Store store) {
  gemm_panels(a, lda, M, b, c, ldc, store);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

HWY_EXPORT(gemm_f32);

void gemm(const float* a, size_t lda, size_t M, const Panels<float>& b, float* c, size_t ldc, Store store) {
  HWY_DYNAMIC_DISPATCH(gemm_f32)(a, lda, M, b, c, ldc, store);
}

}  // namespace manyshot
#endif
