// exp and sums of 16 values, for the Highway targets that include this file.
#if defined(MANYSHOT_MATH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_MATH_INL
#undef MANYSHOT_MATH_INL
#else
#define MANYSHOT_MATH_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// n = x / ln 2 rounded, and e^x / 2^n with a relative error below 3e-7. Range reduction by ln 2 in two parts (Cody and
// Waite 1980) and a degree-6 polynomial on [-ln 2 / 2, ln 2 / 2].
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_fraction(D d, V x, V& n) {
  n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  V p = hn::Set(d, 1.0f / 720.0f);
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 120.0f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 24.0f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f / 6.0f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  return hn::MulAdd(p, r, hn::Set(d, 1.0f));
}

// e^x for x in [-87, 88], clamped outside.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_f32(D d, V x) {
  const hn::RebindToSigned<D> di;
  V n;
  const V p = exp_fraction(d, hn::Min(hn::Max(x, hn::Set(d, -87.0f)), hn::Set(d, 88.0f)), n);
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, exponent));
}

// 2^x with a relative error below 3e-7 for x <= 127; clamped below -126.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp2_f32(D d, V x) {
  const hn::RebindToSigned<D> di;
  x = hn::Max(x, hn::Set(d, -126.0f));
  const V n = hn::Round(x);
  const V r = hn::Sub(x, n);
  V p = hn::Set(d, 1.54035304e-4f);  // ln(2)^k / k!
  p = hn::MulAdd(p, r, hn::Set(d, 1.33335581e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 9.61812911e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 5.55041087e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.240226507f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.693147181f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  return hn::Mul(p, hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)))));
}

// Sum of 16 partial sums in one fixed order.
HWY_INLINE float sum16(const float* parts) {
  float eight[8], four[4];
  for (size_t i = 0; i < 8; ++i) eight[i] = parts[i] + parts[i + 8];
  for (size_t i = 0; i < 4; ++i) four[i] = eight[i] + eight[i + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#endif
