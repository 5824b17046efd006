#include "kernels/elementwise.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

template <class Out>
void rms_norm_rows(const RmsNorm& norm, Rows<const float> x, size_t M, Rows<Out> out) {
  const Floats d;
  for (size_t row = 0; row < M; ++row) {
    const float* from = x[row];
    const float mean_square = dot_product(from, from, norm.width) / static_cast<float>(norm.width);
    const float factor = 1.0f / std::sqrt(mean_square + norm.epsilon);
    Out* to = out[row];
    for (size_t i = 0; i < norm.width; i += kFloatLanes) {
      const FloatVec v = hn::Mul(hn::LoadU(d, from + i), hn::Set(d, factor));
      store(d, hn::Mul(v, hn::LoadU(d, norm.gain + i)), to + i);
    }
  }
}
inline constexpr auto& rms_norm_f32 = rms_norm_rows<float>;
inline constexpr auto& rms_norm_bf16 = rms_norm_rows<BFloat16>;

void rotate_heads(const Rotation& rotation, Rows<float> x, size_t M, size_t num_heads, Positions positions,
                  float scale) {
  const hn::CappedTag<float, 8> d;  // half a head may be 8 values
  const size_t half = rotation.head_dim / 2;
  const auto factor = hn::Set(d, scale);
  for (size_t row = 0; row < M; ++row) {
    const size_t position = positions.of(row);
    for (size_t i = 0; i < half; i += hn::Lanes(d)) {
      const auto cosine = hn::Mul(hn::LoadU(d, rotation.cosines + position * half + i), factor);
      const auto sine = hn::Mul(hn::LoadU(d, rotation.sines + position * half + i), factor);
      for (size_t head = 0; head < num_heads; ++head) {
        float* lower = x[row] + head * rotation.head_dim + i;
        float* upper = lower + half;
        const auto a = hn::LoadU(d, lower);
        const auto b = hn::LoadU(d, upper);
        hn::StoreU(hn::NegMulAdd(b, sine, hn::Mul(a, cosine)), d, lower);
        hn::StoreU(hn::MulAdd(a, sine, hn::Mul(b, cosine)), d, upper);
      }
    }
  }
}

template <class Out>
void silu_mul_rows(const GateUp<const float>& in, size_t M, size_t width, Rows<Out> out) {
  const Floats d;
  const FloatVec one = hn::Set(d, 1.0f);
  for (size_t row = 0; row < M; ++row) {
    const float *gate = in.gate + row * in.stride, *up = in.up + row * in.stride;
    for (size_t i = 0; i < width; i += kFloatLanes) {
      const FloatVec g = hn::LoadU(d, gate + i);
      const FloatVec silu = hn::Div(g, hn::Add(one, exp_f32(d, hn::Neg(g))));
      store(d, hn::Mul(silu, hn::LoadU(d, up + i)), out[row] + i);
    }
  }
}
inline constexpr auto& silu_mul_f32 = silu_mul_rows<float>;
inline constexpr auto& silu_mul_bf16 = silu_mul_rows<BFloat16>;

void add_f32(const float* a, const float* b, size_t width, float* out) {
  const Floats d;
  for (size_t i = 0; i < width; i += kFloatLanes)
    hn::StoreU(hn::Add(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(rms_norm_f32);
HWY_EXPORT(rms_norm_bf16);
HWY_EXPORT(rotate_heads);
HWY_EXPORT(silu_mul_f32);
HWY_EXPORT(silu_mul_bf16);
HWY_EXPORT(add_f32);

void rms_norm(const RmsNorm& norm, Rows<const float> x, size_t M, Rows<float> out) {
  HWY_DYNAMIC_DISPATCH(rms_norm_f32)(norm, x, M, out);
}

void rms_norm(const RmsNorm& norm, Rows<const float> x, size_t M, Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(rms_norm_bf16)(norm, x, M, out);
}

void rotate(const Rotation& rotation, Rows<float> x, size_t M, size_t num_heads, Positions positions, float scale) {
  HWY_DYNAMIC_DISPATCH(rotate_heads)(rotation, x, M, num_heads, positions, scale);
}

void silu_mul(const GateUp<const float>& in, size_t M, size_t width, Rows<float> out) {
  HWY_DYNAMIC_DISPATCH(silu_mul_f32)(in, M, width, out);
}

void silu_mul(const GateUp<const float>& in, size_t M, size_t width, Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(silu_mul_bf16)(in, M, width, out);
}

void add(const float* a, const float* b, size_t width, float* out) { HWY_DYNAMIC_DISPATCH(add_f32)(a, b, width, out); }

}  // namespace manyshot::kernels
#endif
