// exp, log, tanh, sine and cosine, for the Highway targets that include this file. One lane never sees another and
// every product that is added is fused, so AVX2, AVX-512 and NEON give the same bits.
#if defined(MANYSHOT_PRIOR_VECTOR_MATH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_PRIOR_VECTOR_MATH_INL
#undef MANYSHOT_PRIOR_VECTOR_MATH_INL
#else
#define MANYSHOT_PRIOR_VECTOR_MATH_INL
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::prior {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using kernels::HWY_NAMESPACE::exp_fraction;

// Work goes in groups of 16 values, kGroupParts vectors each, whatever the vector length.
inline constexpr size_t kGroup = 16;
using GroupFloats = hn::CappedTag<float, kGroup>;
using GroupWords = hn::CappedTag<uint32_t, kGroup>;
inline constexpr size_t kGroupLanes = hn::MaxLanes(GroupFloats());
inline constexpr size_t kGroupParts = kGroup / kGroupLanes;

// e^x for any finite x: infinity above 88.72; below -86 it stays at e^-86. Relative error below 3e-7.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_or_infinity(D d, V x) {
  const hn::RebindToSigned<D> di;
  V n;
  const V p = exp_fraction(d, hn::Min(hn::Max(x, hn::Set(d, -86.0f)), hn::Set(d, 89.0f)), n);
  // 2^(n - 1) and a doubling, so that n = 128 overflows where it should.
  const auto half_scale = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 126)));
  return hn::Mul(hn::Mul(p, hn::BitCast(d, half_scale)), hn::Set(d, 2.0f));
}

// ln x for normal x > 0. Relative error below 2e-7 outside a small neighbourhood of 1, absolute below 1e-7 in it.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V log_normal_f32(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  // Mantissa in [sqrt(1/2), sqrt(2)): the exponent is counted from there.
  const auto shifted = hn::Sub(bits, hn::Set(di, 0x3F3504F3));
  const auto exponent = hn::ShiftRight<23>(shifted);
  const V e = hn::ConvertTo(d, exponent);
  const V m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(exponent)));
  const V r = hn::Sub(m, hn::Set(d, 1.0f));
  V p = hn::Set(d, 7.0376836292e-2f);
  p = hn::MulAdd(p, r, hn::Set(d, -1.1514610310e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.1676998740e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, -1.2420140846e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.4249322787e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, -1.6668057665e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 2.0000714765e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, -2.4999993993e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 3.3333331174e-1f));
  const V square = hn::Mul(r, r);
  V y = hn::Mul(hn::Mul(p, square), r);
  y = hn::MulAdd(e, hn::Set(d, -2.12194440e-4f), y);
  y = hn::NegMulAdd(square, hn::Set(d, 0.5f), y);
  return hn::MulAdd(e, hn::Set(d, 0.693359375f), hn::Add(r, y));
}

// Sine and cosine for |x| <= pi / 4; absolute error below 1e-7.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void sine_cosine_octant(D d, V x, V& sine, V& cosine) {
  const V square = hn::Mul(x, x);
  V s = hn::Set(d, -1.9515295891e-4f);
  s = hn::MulAdd(s, square, hn::Set(d, 8.3321608736e-3f));
  s = hn::MulAdd(s, square, hn::Set(d, -1.6666654611e-1f));
  sine = hn::MulAdd(hn::Mul(s, square), x, x);
  V c = hn::Set(d, 2.443315711809948e-5f);
  c = hn::MulAdd(c, square, hn::Set(d, -1.388731625493765e-3f));
  c = hn::MulAdd(c, square, hn::Set(d, 4.166664568298827e-2f));
  c = hn::MulAdd(c, square, hn::Set(d, -0.5f));
  cosine = hn::MulAdd(c, square, hn::Set(d, 1.0f));
}

// Sine and cosine of an angle given as a fraction of a full turn in 32 bits: 2 pi phase / 2^32. Absolute error below
// 2e-7.
template <class D, class VU, class V = hn::Vec<D>>
HWY_INLINE void sine_cosine_of_phase(D d, VU phase, V& sine, V& cosine) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  // Quarter turns, to the nearest; what is left lies within an eighth of a turn on either side.
  const auto quadrant = hn::ShiftRight<30>(hn::Add(phase, hn::Set(du, 1u << 29)));
  const auto rest = hn::BitCast(di, hn::Sub(phase, hn::ShiftLeft<30>(quadrant)));
  V s, c;
  sine_cosine_octant(d, hn::Mul(hn::ConvertTo(d, rest), hn::Set(d, 1.46291807926715968e-9f)), s, c);  // 2 pi / 2^32
  const auto odd = hn::TestBit(quadrant, hn::Set(du, 1u));
  const auto odd_f = hn::RebindMask(d, odd);
  const V first = hn::IfThenElse(odd_f, c, s);
  const V second = hn::IfThenElse(odd_f, s, c);
  // Signs: sine + + - -, cosine + - - + over the quadrants.
  const auto sine_sign = hn::ShiftLeft<30>(hn::And(quadrant, hn::Set(du, 2u)));
  const auto cosine_sign = hn::ShiftLeft<30>(hn::And(hn::Add(quadrant, hn::Set(du, 1u)), hn::Set(du, 2u)));
  sine = hn::BitCast(d, hn::Xor(hn::BitCast(du, first), sine_sign));
  cosine = hn::BitCast(d, hn::Xor(hn::BitCast(du, second), cosine_sign));
}

// sin x; the argument is reduced exactly up to 1e6, beyond which a float holds little of an angle anyway.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sine_f32(D d, V x) {
  const hn::RebindToSigned<D> di;
  const hn::RebindToUnsigned<D> du;
  x = hn::Min(hn::Max(x, hn::Set(d, -3e6f)), hn::Set(d, 3e6f));
  const V n = hn::Round(hn::Mul(x, hn::Set(d, 0.636619772f)));
  V r = hn::NegMulAdd(n, hn::Set(d, 1.57079637050628662f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -4.37113900018624283e-8f), r);
  V s, c;
  sine_cosine_octant(d, r, s, c);
  const auto quadrant = hn::BitCast(du, hn::ConvertTo(di, n));
  const V value = hn::IfThenElse(hn::RebindMask(d, hn::TestBit(quadrant, hn::Set(du, 1u))), c, s);
  return hn::BitCast(d, hn::Xor(hn::BitCast(du, value), hn::ShiftLeft<30>(hn::And(quadrant, hn::Set(du, 2u)))));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V tanh_f32(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const V t = exp_or_infinity(d, hn::Mul(hn::Abs(x), hn::Set(d, -2.0f)));
  return hn::CopySign(hn::Div(hn::Sub(one, t), hn::Add(one, t)), x);
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V sigmoid_f32(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, exp_or_infinity(d, hn::Neg(x))));
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::prior
HWY_AFTER_NAMESPACE();

#endif
