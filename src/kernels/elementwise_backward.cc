#include "kernels/elementwise_backward.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise_backward.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/bfloat16-inl.h"
#include "kernels/dot-inl.h"
#include "kernels/gemm_f32-inl.h"
#include "kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {

// With r = 1 / sqrt(mean(x^2) + epsilon): dx = r g dout - x r^3 mean(g dout x), dgain = sum of dout x r.
void rms_norm_gradient(const float* x, size_t x_stride, const float* gain, const float* dout, size_t dout_stride,
                       size_t M, size_t width, float epsilon, float* dx, size_t dx_stride, float* dgain) {
  const Floats d;
  const float n = static_cast<float>(width);
  for (size_t row = 0; row < M; ++row, x += x_stride, dout += dout_stride, dx += dx_stride) {
    FloatVec squares[kParts], products[kParts];
    MANYSHOT_UNROLL
    for (size_t part = 0; part < kParts; ++part) squares[part] = products[part] = hn::Zero(d);
    for (size_t i = 0; i < width; i += kPanelWidth) {
      MANYSHOT_UNROLL
      for (size_t part = 0; part < kParts; ++part) {
        const size_t at = i + part * kFloatLanes;
        const FloatVec v = hn::LoadU(d, x + at);
        squares[part] = hn::MulAdd(v, v, squares[part]);
        products[part] = hn::MulAdd(hn::Mul(hn::LoadU(d, gain + at), hn::LoadU(d, dout + at)), v, products[part]);
      }
    }
    const float factor = 1.0f / std::sqrt(sum_parts(squares) / n + epsilon);
    const FloatVec scale = hn::Set(d, factor);
    const FloatVec share = hn::Set(d, factor * factor * factor * (sum_parts(products) / n));
    for (size_t i = 0; i < width; i += kFloatLanes) {
      const FloatVec v = hn::LoadU(d, x + i), given = hn::Mul(hn::LoadU(d, dout + i), scale);
      const FloatVec gradient = hn::NegMulAdd(v, share, hn::Mul(hn::LoadU(d, gain + i), given));
      hn::StoreU(hn::Add(hn::LoadU(d, dx + i), gradient), d, dx + i);
      if (dgain != nullptr) hn::StoreU(hn::MulAdd(given, v, hn::LoadU(d, dgain + i)), d, dgain + i);
    }
  }
}

// With s = 1 / (1 + e^-g): dgate = dout up s (1 + g (1 - s)), dup = dout g s.
template <class T>
HWY_INLINE void silu_mul_gradient(const T* gate, const T* up, size_t in_stride, const float* dout, size_t dout_stride,
                                  size_t M, size_t width, T* dgate, T* dup, size_t d_stride, T* out,
                                  size_t out_stride) {
  const Floats d;
  const FloatVec one = hn::Set(d, 1.0f);
  for (size_t row = 0; row < M; ++row) {
    for (size_t i = 0; i < width; i += kFloatLanes) {
      const FloatVec g = load(d, gate + row * in_stride + i), u = load(d, up + row * in_stride + i);
      const FloatVec given = hn::LoadU(d, dout + row * dout_stride + i);
      const FloatVec s = hn::Div(one, hn::Add(one, exp_f32(d, hn::Neg(g))));
      const FloatVec silu = hn::Mul(g, s);
      const FloatVec slope = hn::MulAdd(silu, hn::Sub(one, s), s);  // s (1 + g (1 - s))
      store(d, hn::Mul(hn::Mul(given, u), slope), dgate + row * d_stride + i);
      store(d, hn::Mul(given, silu), dup + row * d_stride + i);
      store(d, hn::Mul(silu, u), out + row * out_stride + i);
    }
  }
}

void silu_mul_gradient_f32(const float* gate, const float* up, size_t in_stride, const float* dout, size_t dout_stride,
                           size_t M, size_t width, float* dgate, float* dup, size_t d_stride, float* out,
                           size_t out_stride) {
  silu_mul_gradient(gate, up, in_stride, dout, dout_stride, M, width, dgate, dup, d_stride, out, out_stride);
}

void silu_mul_gradient_bf16(const BFloat16* gate, const BFloat16* up, size_t in_stride, const float* dout,
                            size_t dout_stride, size_t M, size_t width, BFloat16* dgate, BFloat16* dup, size_t d_stride,
                            BFloat16* out, size_t out_stride) {
  silu_mul_gradient(gate, up, in_stride, dout, dout_stride, M, width, dgate, dup, d_stride, out, out_stride);
}

void convert_rows(const float* x, size_t x_stride, size_t M, size_t width, BFloat16* out, size_t out_stride) {
  const Floats d;
  for (size_t row = 0; row < M; ++row) {
    for (size_t i = 0; i < width; i += kFloatLanes) {
      store(d, hn::LoadU(d, x + row * x_stride + i), out + row * out_stride + i);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

HWY_EXPORT(rms_norm_gradient);
HWY_EXPORT(silu_mul_gradient_f32);
HWY_EXPORT(silu_mul_gradient_bf16);
HWY_EXPORT(convert_rows);

void rms_norm_backward(const float* x, size_t x_stride, const float* gain, const float* dout, size_t dout_stride,
                       size_t M, size_t width, float epsilon, float* dx, size_t dx_stride, float* dgain) {
  HWY_DYNAMIC_DISPATCH(rms_norm_gradient)
  (x, x_stride, gain, dout, dout_stride, M, width, epsilon, dx, dx_stride, dgain);
}

void silu_mul_backward(const float* gate, const float* up, size_t in_stride, const float* dout, size_t dout_stride,
                       size_t M, size_t width, float* dgate, float* dup, size_t d_stride, float* out,
                       size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(silu_mul_gradient_f32)
  (gate, up, in_stride, dout, dout_stride, M, width, dgate, dup, d_stride, out, out_stride);
}

void silu_mul_backward(const BFloat16* gate, const BFloat16* up, size_t in_stride, const float* dout,
                       size_t dout_stride, size_t M, size_t width, BFloat16* dgate, BFloat16* dup, size_t d_stride,
                       BFloat16* out, size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(silu_mul_gradient_bf16)
  (gate, up, in_stride, dout, dout_stride, M, width, dgate, dup, d_stride, out, out_stride);
}

void convert(const float* x, size_t x_stride, size_t M, size_t width, BFloat16* out, size_t out_stride) {
  HWY_DYNAMIC_DISPATCH(convert_rows)(x, x_stride, M, width, out, out_stride);
}

void convert(const float* x, size_t x_stride, size_t M, size_t width, float* out, size_t out_stride) {
  for (size_t row = 0; row < M; ++row) std::copy_n(x + row * x_stride, width, out + row * out_stride);
}

}  // namespace manyshot
#endif
