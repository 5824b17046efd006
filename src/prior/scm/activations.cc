#include "prior/scm/activations.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "prior/scm/activations.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "prior/random/vector_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::prior {
namespace HWY_NAMESPACE {

// Calls use(f) with the function of `activation` on vectors.
template <class Use>
HWY_INLINE void with_function(Activation activation, const Use& use) {
  const GroupFloats d;
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0f);
  switch (activation) {
    case Activation::kTanh:
      return use([&](Floats z) HWY_ATTR { return tanh_f32(d, z); });
    case Activation::kLeakyRelu:
      return use([&](Floats z) HWY_ATTR { return hn::IfThenElse(hn::Gt(z, zero), z, hn::Mul(z, hn::Set(d, 0.01f))); });
    case Activation::kElu:
      return use([&](Floats z) HWY_ATTR {
        return hn::IfThenElse(hn::Gt(z, zero), z, hn::Sub(exp_or_infinity(d, hn::Min(z, zero)), one));
      });
    case Activation::kIdentity:
    case Activation::kFourier:
      return use([&](Floats z) HWY_ATTR { return z; });
    case Activation::kSelu:
      return use([&](Floats z) HWY_ATTR {
        const auto negative = hn::Mul(hn::Set(d, 1.67326324f), hn::Sub(exp_or_infinity(d, hn::Min(z, zero)), one));
        return hn::Mul(hn::Set(d, 1.05070098f), hn::IfThenElse(hn::Gt(z, zero), z, negative));
      });
    case Activation::kSilu:
      return use([&](Floats z) HWY_ATTR { return hn::Mul(z, sigmoid_f32(d, z)); });
    case Activation::kRelu:
      return use([&](Floats z) HWY_ATTR { return hn::Max(z, zero); });
    case Activation::kSoftplus:
      // max(z, 0) + ln(1 + e^-|z|)
      return use([&](Floats z) HWY_ATTR {
        const auto tail = log_normal_f32(d, hn::Add(one, exp_or_infinity(d, hn::Neg(hn::Abs(z)))));
        return hn::Add(hn::Max(z, zero), tail);
      });
    case Activation::kRelu6:
      return use([&](Floats z) HWY_ATTR { return hn::Min(hn::Max(z, zero), hn::Set(d, 6.0f)); });
    case Activation::kHardTanh:
      return use([&](Floats z) HWY_ATTR { return hn::Min(hn::Max(z, hn::Neg(one)), one); });
    case Activation::kSign:
      return use([&](Floats z) HWY_ATTR { return hn::IfThenElse(hn::Ge(z, zero), one, hn::Neg(one)); });
    case Activation::kRbf:
      return use([&](Floats z) HWY_ATTR { return exp_or_infinity(d, hn::Neg(hn::Mul(z, z))); });
    case Activation::kExp:
      return use([&](Floats z) HWY_ATTR { return exp_or_infinity(d, z); });
    case Activation::kSqrtAbs:
      return use([&](Floats z) HWY_ATTR { return hn::Sqrt(hn::Abs(z)); });
    case Activation::kUnitBox:
      return use([&](Floats z) HWY_ATTR { return hn::IfThenElseZero(hn::Le(hn::Abs(z), one), one); });
    case Activation::kSine:
      return use([&](Floats z) HWY_ATTR { return sine_f32(d, z); });
    case Activation::kSquare:
      return use([&](Floats z) HWY_ATTR { return hn::Mul(z, z); });
    case Activation::kAbs:
      return use([&](Floats z) HWY_ATTR { return hn::Abs(z); });
  }
}

void activate(const LayerActivation& activation, const float* x, size_t count, float* out, Moments* moments) {
  *moments = vector_moments(x, count);
  if (!std::isfinite(moments->mean) || !std::isfinite(moments->deviation)) return;
  const GroupFloats d;
  const auto mean = hn::Set(d, moments->mean);
  const auto factor = hn::Set(d, 1.0f / (moments->deviation + 1e-6f));
  const auto scale = hn::Set(d, activation.scale);
  const auto bias = hn::Set(d, activation.bias);
  with_function(activation.function, [&](const auto& function) HWY_ATTR {
    transform_column(x, count, out, [&](Floats v) HWY_ATTR {
      return function(hn::Mul(scale, hn::MulAdd(hn::Sub(v, mean), factor, bias)));
    });
  });
}

void apply(Activation activation, const float* x, size_t count, float* out) {
  with_function(activation, [&](const auto& function) HWY_ATTR { transform_column(x, count, out, function); });
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::prior
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::prior {
namespace {

struct Words {
  std::string_view name;
  std::string_view formula;
};
constexpr Words kWords[] = {
    {"tanh", "tanh(z)"},
    {"leaky_relu", "z > 0 ? z : 0.01 z"},
    {"elu", "z > 0 ? z : exp(z) - 1"},
    {"identity", "z"},
    {"selu", "1.0507 (z > 0 ? z : 1.6733 (exp(z) - 1))"},
    {"silu", "z / (1 + exp(-z))"},
    {"relu", "max(z, 0)"},
    {"softplus", "ln(1 + exp(z))"},
    {"relu6", "min(max(z, 0), 6)"},
    {"hard_tanh", "min(max(z, -1), 1)"},
    {"sign", "z >= 0 ? 1 : -1"},
    {"rbf", "exp(-z^2)"},
    {"exp", "exp(z)"},
    {"sqrt_abs", "sqrt(|z|)"},
    {"unit_box", "|z| <= 1 ? 1 : 0"},
    {"sine", "sin(z)"},
    {"square", "z^2"},
    {"abs", "|z|"},
    {"fourier", "sum over 256 terms of a sin(f z + phase)"},
};

}  // namespace

HWY_EXPORT(activate);
HWY_EXPORT(apply);

std::string_view activation_name(Activation activation) { return kWords[static_cast<size_t>(activation)].name; }
std::string_view activation_formula(Activation activation) { return kWords[static_cast<size_t>(activation)].formula; }

std::vector<double> draw_activation_weights(Draws& draws) {
  std::vector<double> weights(kNumActivationEntries);
  weights[0] = std::exp(1.0);
  for (size_t entry = 1; entry < weights.size(); ++entry) weights[entry] = std::exp(draws.uniform(-5, 6));
  return weights;
}

LayerActivation draw_activation(Draws& draws, const std::vector<double>& weights) {
  size_t entry = draws.weighted(weights);
  if (entry >= kNumBaseActivations) entry = draws.below(kNumBaseActivations);
  LayerActivation activation;
  activation.function = entry < kNumSimpleActivations ? static_cast<Activation>(entry) : Activation::kFourier;
  activation.scale = static_cast<float>(std::exp(2 * draws.normal()));
  activation.bias = static_cast<float>(draws.normal());
  return activation;
}

Moments activate_column(const LayerActivation& activation, const float* x, size_t count, float* out) {
  Moments moments;
  HWY_DYNAMIC_DISPATCH(activate)(activation, x, count, out, &moments);
  return moments;
}

void apply_activation(Activation activation, const float* x, size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(apply)(activation, x, count, out);
}

}  // namespace manyshot::prior
#endif
