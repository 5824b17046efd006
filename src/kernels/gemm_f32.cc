#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm_f32.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/gemm_f32-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

void gemm_f32(Rows<const float> a, size_t M, const Panels<float>& b, Rows<float> c, Store store) {
  gemm_panels(a, M, b, c, store);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(gemm_f32);

void gemm(Rows<const float> a, size_t M, const Panels<float>& b, Rows<float> c, Store store) {
  HWY_DYNAMIC_DISPATCH(gemm_f32)(a, M, b, c, store);
}

}  // namespace manyshot::kernels
#endif
