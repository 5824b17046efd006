// Loads of f32 and bf16 as f32 vectors, and stores with rounding, for the Highway targets that include this file.
#if defined(MANYSHOT_BFLOAT16_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_BFLOAT16_INL
#undef MANYSHOT_BFLOAT16_INL
#else
#define MANYSHOT_BFLOAT16_INL
#endif

#include <hwy/highway.h>

#include "kernels/bfloat16.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const float* from) {
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const BFloat16* from) {
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<uint16_t, D> d16;
  const auto bits = hn::PromoteTo(du, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(from)));
  return hn::BitCast(d, hn::ShiftLeft<16>(bits));
}

// The upper halves hold bf16 values rounded to nearest, ties to even; the lower halves are to be cut off.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> rounded_bits(D /*d*/, hn::Vec<D> value) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1));
  return hn::Add(bits, hn::Add(odd, hn::Set(du, 0x7FFF)));
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> value, float* to) {
  hn::StoreU(value, d, to);
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> value, BFloat16* to) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint16_t, D> d16;
  const auto upper = hn::ShiftRight<16>(rounded_bits(d, value));
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di, upper)), d16, reinterpret_cast<uint16_t*>(to));
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#endif
