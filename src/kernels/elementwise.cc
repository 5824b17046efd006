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
namespace manyshot {
namespace HWY_NAMESPACE {

template <class Out>
HWY_INLINE void rms_norm_rows(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon,
                              Out* out, size_t out_stride) {
  const Floats d;
  for (size_t row = 0; row < M; ++row, x += x_stride, out += out_stride) {
    const float factor = 1.0f / std::sqrt(dot_product(x, x, width) / static_cast<float>(width) + epsilon);
    for (size_t i = 0; i < width; i += kFloatLanes) {
      const FloatVec v = hn::Mul(hn::LoadU(d, x + i), hn::Set(d, factor));
      store(d, hn::Mul(v, hn::LoadU(d, gain + i)), out + i);
    }
  }
}

void rms_norm_f32(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon, float* out,
                  size_t out_stride) {
  rms_norm_rows(x, x_stride, gain, M, width, epsilon, out, out_stride);
}

void rms_norm_bf16(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon,
                   BFloat16* out, size_t out_stride) {
  rms_norm_rows(x, x_stride, gain, M, width, epsilon, out, out_stride);
}

void rotate_heads(const Rotation& rotation, float* x, size_t stride, size_t M, size_t num_heads, Positions positions,
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
        float* lower = x + row * stride + head * rotation.head_dim + i;
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
HWY_INLINE void silu_mul_rows(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, Out* out,
                              size_t out_stride) {
  const Floats d;
  const FloatVec one = hn::Set(d, 1.0f);
  for (size_t row = 0; row < M; ++row) {
    for (size_t i = 0; i < width; i += kFloatLanes) {
      const FloatVec g = hn::LoadU(d, gate + row * in_stride + i);
      const FloatVec silu = hn::Div(g, hn::Add(one, exp_f32(d, hn::Neg(g))));
      store(d, hn::Mul(silu, hn::LoadU(d, up + row * in_stride + i)), out + row * out_stride + i);
    }
  }
}

void silu_mul_f32(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, float* out,
                  size_t out_stride) {
  silu_mul_rows(gate, up, in_stride, M, width, out, out_stride);
}

void silu_mul_bf16(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, BFloat16* out,
                   size_t out_stride) {
  silu_mul_rows(gate, up, in_stride, M, width, out, out_stride);
}

void add_f32(const float* a, const float* b, size_t width, float* out) {
  const Floats d;
  for (size_t i = 0; i < width; i += kFloatLanes)
    hn::StoreU(hn::Add(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

HWY_EXPORT(rms_norm_f32);
HWY_EXPORT(rms_norm_bf16);
HWY_EXPORT(rotate_heads);
HWY_EXPORT(silu_mul_f32);
HWY_EXPORT(silu_mul_bf16);
HWY_EXPORT(add_f32);

void rms_norm(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon, float* out,
              size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(rms_norm_f32)(x, x_stride, gain, M, width, epsilon, out, out_stride);
}

void rms_norm(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon, BFloat16* out,
              size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(rms_norm_bf16)(x, x_stride, gain, M, width, epsilon, out, out_stride);
}

void rotate(const Rotation& rotation, float* x, size_t stride, size_t M, size_t num_heads, Positions positions,
            float scale) {
  HWY_DYNAMIC_DISPATCH(rotate_heads)(rotation, x, stride, M, num_heads, positions, scale);
}

void silu_mul(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, float* out,
              size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(silu_mul_f32)(gate, up, in_stride, M, width, out, out_stride);
}

void silu_mul(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, BFloat16* out,
              size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(silu_mul_bf16)(gate, up, in_stride, M, width, out, out_stride);
}

void add(const float* a, const float* b, size_t width, float* out) { HWY_DYNAMIC_DISPATCH(add_f32)(a, b, width, out); }

}  // namespace manyshot
#endif
