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
namespace manyshot::kernels {
namespace HWY_NAMESPACE {

// With r = 1 / sqrt(mean(x^2) + epsilon): dx = r g dout - x r^3 mean(g dout x), dgain = sum of dout x r.
void rms_norm_gradient(const RmsNorm& norm, Rows<const float> x_rows, Rows<const float> dout_rows, size_t M,
                       Rows<float> dx_rows, float* dgain) {
  const Floats d;
  const float n = static_cast<float>(norm.width);
  for (size_t row = 0; row < M; ++row) {
    const float *x = x_rows[row], *dout = dout_rows[row];
    float* dx = dx_rows[row];
    FloatVec squares[kParts], products[kParts];
    MANYSHOT_UNROLL
    for (size_t part = 0; part < kParts; ++part) squares[part] = products[part] = hn::Zero(d);
    for (size_t i = 0; i < norm.width; i += kPanelWidth) {
      MANYSHOT_UNROLL
      for (size_t part = 0; part < kParts; ++part) {
        const size_t at = i + part * kFloatLanes;
        const FloatVec v = hn::LoadU(d, x + at);
        squares[part] = hn::MulAdd(v, v, squares[part]);
        products[part] = hn::MulAdd(hn::Mul(hn::LoadU(d, norm.gain + at), hn::LoadU(d, dout + at)), v, products[part]);
      }
    }
    const float factor = 1.0f / std::sqrt(sum_parts(squares) / n + norm.epsilon);
    const FloatVec scale = hn::Set(d, factor);
    const FloatVec share = hn::Set(d, factor * factor * factor * (sum_parts(products) / n));
    for (size_t i = 0; i < norm.width; i += kFloatLanes) {
      const FloatVec v = hn::LoadU(d, x + i), given = hn::Mul(hn::LoadU(d, dout + i), scale);
      const FloatVec gradient = hn::NegMulAdd(v, share, hn::Mul(hn::LoadU(d, norm.gain + i), given));
      hn::StoreU(hn::Add(hn::LoadU(d, dx + i), gradient), d, dx + i);
      if (dgain != nullptr) hn::StoreU(hn::MulAdd(given, v, hn::LoadU(d, dgain + i)), d, dgain + i);
    }
  }
}

// With s = 1 / (1 + e^-g): dgate = dout up s (1 + g (1 - s)), dup = dout g s.
template <class T>
void silu_mul_gradient(const GateUp<const T>& in, Rows<const float> dout, size_t M, size_t width,
                       const GateUp<T>& gradient, Rows<T> out) {
  const Floats d;
  const FloatVec one = hn::Set(d, 1.0f);
  for (size_t row = 0; row < M; ++row) {
    const T *gate = in.gate + row * in.stride, *up = in.up + row * in.stride;
    T *dgate = gradient.gate + row * gradient.stride, *dup = gradient.up + row * gradient.stride;
    for (size_t i = 0; i < width; i += kFloatLanes) {
      const FloatVec g = load(d, gate + i), u = load(d, up + i);
      const FloatVec given = hn::LoadU(d, dout[row] + i);
      const FloatVec s = hn::Div(one, hn::Add(one, exp_f32(d, hn::Neg(g))));
      const FloatVec silu = hn::Mul(g, s);
      const FloatVec slope = hn::MulAdd(silu, hn::Sub(one, s), s);  // s (1 + g (1 - s))
      store(d, hn::Mul(hn::Mul(given, u), slope), dgate + i);
      store(d, hn::Mul(given, silu), dup + i);
      store(d, hn::Mul(silu, u), out[row] + i);
    }
  }
}
inline constexpr auto& silu_mul_gradient_f32 = silu_mul_gradient<float>;
inline constexpr auto& silu_mul_gradient_bf16 = silu_mul_gradient<BFloat16>;

void convert_rows(Rows<const float> x, size_t M, size_t width, Rows<BFloat16> out) {
  const Floats d;
  for (size_t row = 0; row < M; ++row) {
    for (size_t i = 0; i < width; i += kFloatLanes) store(d, hn::LoadU(d, x[row] + i), out[row] + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::kernels {

HWY_EXPORT(rms_norm_gradient);
HWY_EXPORT(silu_mul_gradient_f32);
HWY_EXPORT(silu_mul_gradient_bf16);
HWY_EXPORT(convert_rows);

void rms_norm_backward(const RmsNorm& norm, Rows<const float> x, Rows<const float> dout, size_t M, Rows<float> dx,
                       float* dgain) {
  HWY_DYNAMIC_DISPATCH(rms_norm_gradient)(norm, x, dout, M, dx, dgain);
}

void silu_mul_backward(const GateUp<const float>& in, Rows<const float> dout, size_t M, size_t width,
                       const GateUp<float>& gradient, Rows<float> out) {
  HWY_DYNAMIC_DISPATCH(silu_mul_gradient_f32)(in, dout, M, width, gradient, out);
}

void silu_mul_backward(const GateUp<const BFloat16>& in, Rows<const float> dout, size_t M, size_t width,
                       const GateUp<BFloat16>& gradient, Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(silu_mul_gradient_bf16)(in, dout, M, width, gradient, out);
}

void convert(Rows<const float> x, size_t M, size_t width, Rows<BFloat16> out) {
  HWY_DYNAMIC_DISPATCH(convert_rows)(x, M, width, out);
}

void convert(Rows<const float> x, size_t M, size_t width, Rows<float> out) {
  for (size_t row = 0; row < M; ++row) std::copy_n(x[row], width, out[row]);
}

}  // namespace manyshot::kernels
#endif
