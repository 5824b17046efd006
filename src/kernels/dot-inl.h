// Sums of the 16 partial sums of a row, and dot products, for the Highway targets that include this file.
#if defined(MANYSHOT_DOT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_DOT_INL
#undef MANYSHOT_DOT_INL
#else
#define MANYSHOT_DOT_INL
#endif

#include <hwy/highway.h>

// after highway.h
#include "kernels/bfloat16-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// In the one order of sum16(), whatever a vector's width is.
HWY_INLINE float sum_parts(const FloatVec (&sums)[kParts]) {
  const Floats d;
  float parts[kPanelWidth];
  MANYSHOT_UNROLL
  for (size_t part = 0; part < kParts; ++part) hn::StoreU(sums[part], d, parts + part * kFloatLanes);
  return sum16(parts);
}

// Of f32 or bf16 values. REQUIRES: width is a multiple of 16.
template <class A, class B>
HWY_INLINE float dot_product(const A* a, const B* b, size_t width) {
  const Floats d;
  FloatVec sums[kParts];
  MANYSHOT_UNROLL
  for (size_t part = 0; part < kParts; ++part) sums[part] = hn::Zero(d);
  for (size_t i = 0; i < width; i += kPanelWidth) {
    MANYSHOT_UNROLL
    for (size_t part = 0; part < kParts; ++part) {
      const size_t at = i + part * kFloatLanes;
      sums[part] = hn::MulAdd(load(d, a + at), load(d, b + at), sums[part]);
    }
  }
  return sum_parts(sums);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#endif
