#include "prior/scm/activations.h"

#include <array>

#include "prior/random/column_loops.h"
#include "prior/scm/fourier.h"
#include "prior/testing.h"

namespace manyshot::prior {

using kernels::simd_name;
using kernels::SimdLevel;

namespace {

double by_hand(Activation activation, double z) {
  switch (activation) {
    case Activation::kTanh:
      return std::tanh(z);
    case Activation::kLeakyRelu:
      return z > 0 ? z : 0.01 * z;
    case Activation::kElu:
      return z > 0 ? z : std::expm1(z);
    case Activation::kSelu:
      return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * std::expm1(z));
    case Activation::kSilu:
      return z / (1 + std::exp(-z));
    case Activation::kRelu:
      return std::max(z, 0.0);
    case Activation::kSoftplus:
      return z > 30 ? z : std::log1p(std::exp(z));
    case Activation::kRelu6:
      return std::clamp(z, 0.0, 6.0);
    case Activation::kHardTanh:
      return std::clamp(z, -1.0, 1.0);
    case Activation::kSign:
      return z >= 0 ? 1 : -1;
    case Activation::kRbf:
      return std::exp(-z * z);
    case Activation::kExp:
      return std::exp(z);
    case Activation::kSqrtAbs:
      return std::sqrt(std::abs(z));
    case Activation::kUnitBox:
      return std::abs(z) <= 1 ? 1 : 0;
    case Activation::kSine:
      return std::sin(z);
    case Activation::kSquare:
      return z * z;
    case Activation::kAbs:
      return std::abs(z);
    default:
      return z;
  }
}

TEST(Activations, AgainstTheirFormulas) {
  std::vector<float> z{0, -0.0f, 1, -1, 6, 7, 0.5f, -0.5f, 1e-4f, -20, 30, 80, -80, 1000, -1000, 12345};
  const std::vector<float> random = normal_column(300, 12, 0, 5);
  z.insert(z.end(), random.begin(), random.end());
  for (size_t a = 0; a < kNumSimpleActivations; ++a) {
    const auto activation = static_cast<Activation>(a);
    std::vector<float> out(z.size());
    at_fused_levels([&](SimdLevel level) {
      apply_activation(activation, z.data(), z.size(), out.data());
      for (size_t i = 0; i < z.size(); ++i) {
        const double expected = by_hand(activation, z[i]);
        if (expected > 3.4e38) {
          EXPECT_TRUE(std::isinf(out[i])) << activation_name(activation) << " of " << z[i];
        } else {
          EXPECT_NEAR(out[i], expected, 4e-7 * std::max(1.0, std::abs(expected)))
              << activation_name(activation) << " of " << z[i] << " at " << simd_name(level);
        }
      }
    });
  }
}

TEST(Activations, ExpOverflowsWhereFloatsDo) {
  std::vector<float> z{88.5f, 88.7f, 88.73f, 100}, out(4);
  apply_activation(Activation::kExp, z.data(), 4, out.data());
  EXPECT_NEAR(out[0] / std::exp(88.5), 1, 1e-6);
  EXPECT_TRUE(std::isfinite(out[1]));
  EXPECT_TRUE(std::isinf(out[2]));
  EXPECT_TRUE(std::isinf(out[3]));
}

TEST(Activations, ColumnsAreStandardisedScaledAndShifted) {
  std::vector<float> x = normal_column(1000, 3, 7, 0.01f), out(1000);
  const Moments moments = activate_column({Activation::kSine, 3, -0.5f}, x.data(), 1000, out.data());
  for (size_t i = 0; i < 1000; i += 37) {
    const double z =
        3 * ((static_cast<double>(x[i]) - moments.mean) / (static_cast<double>(moments.deviation) + 1e-6) - 0.5);
    EXPECT_NEAR(out[i], std::sin(z), 2e-5);
  }
  x[5] = INFINITY;
  EXPECT_FALSE(std::isfinite(activate_column({Activation::kSine, 1, 0}, x.data(), 1000, out.data()).deviation));
}

TEST(Activations, EntriesAndParameters) {
  // Even weights: each entry of the list alike, so 10 of 28 are Fourier, also by way of the second half.
  const std::vector<double> even(kNumActivationEntries, 1.0);
  Draws draws(Rng(2).child("entries"));
  std::array<double, kNumSimpleActivations + 1> counts{};
  std::vector<double> log_scales, biases;
  constexpr int kCount = 40'000;
  for (int i = 0; i < kCount; ++i) {
    const LayerActivation activation = draw_activation(draws, even);
    ++counts[static_cast<size_t>(activation.function)];
    log_scales.push_back(std::log(activation.scale) / 2);
    biases.push_back(activation.bias);
  }
  for (size_t a = 0; a < kNumSimpleActivations; ++a)
    expect_share(counts[a], kCount, 1.0 / 28, std::string(activation_name(static_cast<Activation>(a))));
  expect_share(counts[kNumSimpleActivations], kCount, 10.0 / 28, "fourier");
  expect_quantiles(log_scales, {-1.6449, -0.6745, 0, 0.6745, 1.6449}, 0, "half the logarithm of the scale");
  expect_quantiles(biases, {-1.6449, -0.6745, 0, 0.6745, 1.6449}, 0, "bias");
}

TEST(Fourier, TheTableAgreesWithTheSum) {
  FourierTable table;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Draws draws(Rng(seed).child("terms"));
    const FourierTerms terms = draw_fourier_terms(draws);
    const float range = seed % 3 == 0 ? 30.0f : 4.0f;
    std::vector<float> x = normal_column(999, seed), values = x;
    for (float& v : values) v = std::clamp(v, -range, range);
    values[0] = x[0] = range;
    values[1] = x[1] = -range;
    table.build(terms, -range, range);
    table.apply(1, values.data(), values.size());
    double squares = 0, error = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double expected = evaluate_fourier(terms, x[i]);
      squares += expected * expected;
      error += (values[i] - expected) * (values[i] - expected);
    }
    EXPECT_LT(std::sqrt(error / static_cast<double>(x.size())), 1e-3) << "exponent " << terms.exponent;
    EXPECT_GT(squares, 0);
  }
}

TEST(Fourier, Laws) {
  std::vector<double> exponents, norms;
  Draws draws(Rng(77).child("terms"));
  for (int i = 0; i < 3000; ++i) {
    const FourierTerms terms = draw_fourier_terms(draws);
    exponents.push_back(std::log(-terms.exponent));
    double squares = 0;
    for (size_t term = 0; term < 256; ++term) {
      ASSERT_TRUE(terms.frequencies[term] >= 0 && terms.frequencies[term] <= 256);
      squares += terms.amplitudes[term] * terms.amplitudes[term];
    }
    norms.push_back(squares);
  }
  const double low = std::log(0.7), width = std::log(3) - low;
  expect_quantiles(exponents,
                   {low + 0.05 * width, low + 0.25 * width, low + 0.5 * width, low + 0.75 * width, low + 0.95 * width},
                   0, "ln -e");
  double mean = 0;
  for (const double norm : norms) mean += norm;
  EXPECT_NEAR(mean / 3000, 1, 0.12);  // E of a weighted chi square with weights of sum 1
}

TEST(Activations, SameBitsAtEveryFusedLevel) {
  expect_same_bits_at_fused_levels([] {
    std::vector<float> x = normal_column(1037, 5, 1, 3), all;
    for (size_t a = 0; a < kNumSimpleActivations; ++a) {
      std::vector<float> out(x.size());
      activate_column({static_cast<Activation>(a), 2.5f, 0.3f}, x.data(), x.size(), out.data());
      all.insert(all.end(), out.begin(), out.end());
    }
    Draws draws(Rng(1).child("terms"));
    FourierTable table;
    table.build(draw_fourier_terms(draws), -12, 12);
    table.apply(1, x.data(), x.size());
    all.insert(all.end(), x.begin(), x.end());
    return all;
  });
}

}  // namespace
}  // namespace manyshot::prior
