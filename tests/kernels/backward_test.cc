// Kernels of the backward pass against plain loops in double, at every instruction set this machine has.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/elementwise.h"
#include "kernels/elementwise_backward.h"
#include "kernels/gemm.h"
#include "kernels/outer_gemm.h"
#include "kernels/testing.h"

namespace manyshot::kernels {
namespace {

template <class T>
std::vector<T> as(const std::vector<float>& values) {
  std::vector<T> out(values.size());
  for (size_t i = 0; i < values.size(); ++i) out[i] = T(values[i]);
  return out;
}

template <class T>
void expect_outer_product(size_t M, size_t N, size_t K, size_t num_outputs) {
  const std::vector<T> a = as<T>(random_vector("a", M * N)), b = as<T>(random_vector("b", M * K));
  AlignedBuffer<T> a_panels(packed_rows_size(M, N)), b_panels(packed_rows_size(M, K));
  const Panels<T> packed_a = pack_rows({a.data(), N}, M, N, a_panels.data());
  const Panels<T> packed_b = pack_rows({b.data(), K}, M, K, b_panels.data());
  const size_t ldc = K + 3;
  std::vector<float> c(N * ldc, 0.5f);
  outer_gemm(packed_a, num_outputs, packed_b, {c.data(), ldc}, Store::kAdd);
  for (size_t n = 0; n < N; ++n) {
    for (size_t k = 0; k < ldc; ++k) {
      double expected = 0.5;
      for (size_t m = 0; m < M && n < num_outputs && k < K; ++m) {
        expected += static_cast<double>(static_cast<float>(a[m * N + n])) * static_cast<float>(b[m * K + k]);
      }
      ASSERT_NEAR(c[n * ldc + k], expected, 1e-4 + 1e-5 * static_cast<double>(M)) << M << " " << n << " " << k;
    }
  }
}

TEST(OuterGemm, AddsTheTransposedProduct) {
  at_every_level([](SimdLevel level) {
    for (const size_t M : {1, 2, 7, 64, 331}) {
      expect_outer_product<float>(M, 32, 80, 32);
      expect_outer_product<float>(M, 32, 16, 19);
      if (kernels::has_bf16(level)) expect_outer_product<BFloat16>(M, 32, 112, 32);
      if (kernels::has_bf16(level)) expect_outer_product<BFloat16>(M, 32, 16, 19);
    }
  });
}

// The gradient by the input and the product with a transposed matrix, both through gemm().
template <class T>
void expect_products_of_packed(size_t M, size_t N, size_t K) {
  const std::vector<T> x = as<T>(random_vector("x", M * N)), rows = as<T>(random_vector("rows", N * K)),
                       columns = as<T>(random_vector("columns", K * N));
  AlignedBuffer<T> row_memory(packed_rows_size(N, K)), column_memory(packed_columns_size(K, N));
  const size_t ldc = round_up(K, kPanelWidth);
  std::vector<float> by_rows(M * ldc), by_columns(M * ldc);
  gemm({x.data(), N}, M, pack_rows({rows.data(), K}, N, K, row_memory.data()), {by_rows.data(), ldc},
       Store::kOverwrite);
  gemm({x.data(), N}, M, pack_columns({columns.data(), N}, K, N, column_memory.data()), {by_columns.data(), ldc},
       Store::kOverwrite);
  for (size_t m = 0; m < M; ++m) {
    for (size_t k = 0; k < ldc; ++k) {
      double expected_rows = 0, expected_columns = 0;
      for (size_t n = 0; n < N && k < K; ++n) {
        const double value = static_cast<float>(x[m * N + n]);
        expected_rows += value * static_cast<float>(rows[n * K + k]);
        expected_columns += value * static_cast<float>(columns[k * N + n]);
      }
      ASSERT_NEAR(by_rows[m * ldc + k], expected_rows, 1e-3);
      ASSERT_NEAR(by_columns[m * ldc + k], expected_columns, 1e-3);
    }
  }
}

TEST(OuterGemm, PackedRowsAndColumnsMultiplyBothWays) {
  at_every_level([](SimdLevel level) {
    expect_products_of_packed<float>(5, 48, 32);
    if (kernels::has_bf16(level)) expect_products_of_packed<BFloat16>(5, 48, 32);
  });
}

TEST(OuterGemm, ColumnsBeyondTheLastAreZero) {
  const std::vector<float> x = random_vector("x", 3 * 4);
  AlignedBuffer<float> memory(packed_columns_size(3, 4));
  for (size_t i = 0; i < memory.size(); ++i) memory[i] = 9;
  const Panels<float> panels = pack_columns({x.data(), 4}, 3, 4, memory.data());
  EXPECT_EQ(panels.num_panels, 1u);
  for (size_t k = 0; k < 4; ++k) {
    for (size_t m = 0; m < kPanelWidth; ++m) EXPECT_EQ(memory[k * kPanelWidth + m], m < 3 ? x[m * 4 + k] : 0.0f);
  }
}

TEST(OuterGemm, PackingRoundsAsBFloat16Does) {
  at_every_level([](SimdLevel) {
    const std::vector<float> x = random_vector("x", 3 * 16);
    AlignedBuffer<BFloat16> from_f32(packed_rows_size(3, 16)), from_bf16(packed_rows_size(3, 16));
    pack_rows({x.data(), 16}, 3, 16, from_f32.data());
    pack_rows({as<BFloat16>(x).data(), 16}, 3, 16, from_bf16.data());
    for (size_t m = 0; m < 4; ++m) {
      for (size_t i = 0; i < 16; ++i) {
        const size_t at = m / 2 * 32 + 2 * i + m % 2;
        const uint16_t expected = m < 3 ? BFloat16(x[m * 16 + i]).bits : 0;
        ASSERT_EQ(from_f32[at].bits, expected);
        ASSERT_EQ(from_bf16[at].bits, expected);
      }
    }
  });
}

// Central differences of sum(dout * f(x)) by each input.
template <class Function>
double slope(const Function& sum_of, float& input) {
  const float kept = input, step = 1e-2f;
  input = kept + step;
  const double above = sum_of();
  input = kept - step;
  const double below = sum_of();
  input = kept;
  return (above - below) / (2 * static_cast<double>(step));
}

TEST(ElementwiseBackward, RmsNorm) {
  constexpr size_t M = 3, kWidth = 48;
  std::vector<float> x = random_vector("x", M * kWidth), gain = random_vector("gain", kWidth),
                     dout = random_vector("dout", M * kWidth);
  const auto sum_of = [&] {
    double total = 0;
    for (size_t row = 0; row < M; ++row) {
      double squares = 0;
      for (size_t i = 0; i < kWidth; ++i) squares += std::pow(static_cast<double>(x[row * kWidth + i]), 2);
      const double factor = 1 / std::sqrt(squares / kWidth + 1e-6);
      for (size_t i = 0; i < kWidth; ++i) total += dout[row * kWidth + i] * x[row * kWidth + i] * factor * gain[i];
    }
    return total;
  };
  at_every_level([&](SimdLevel) {
    std::vector<float> dx(M * kWidth, 1.0f), dgain(kWidth, 2.0f);
    rms_norm_backward({gain.data(), kWidth, 1e-6f}, {x.data(), kWidth}, {dout.data(), kWidth}, M, {dx.data(), kWidth},
                      dgain.data());
    for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(dx[i], 1 + slope(sum_of, x[i]), 1e-3) << i;
    for (size_t i = 0; i < kWidth; ++i) ASSERT_NEAR(dgain[i], 2 + slope(sum_of, gain[i]), 1e-3) << i;
    std::vector<float> alone(M * kWidth, 1.0f);
    rms_norm_backward({gain.data(), kWidth, 1e-6f}, {x.data(), kWidth}, {dout.data(), kWidth}, M,
                      {alone.data(), kWidth}, nullptr);
    ASSERT_EQ(alone, dx);
  });
}

template <class T>
void expect_silu_gradients(double tolerance) {
  constexpr size_t M = 2, kWidth = 32;
  const std::vector<float> gate = random_vector("gate", M * kWidth), up = random_vector("up", M * kWidth),
                           dout = random_vector("dout", M * kWidth);
  const std::vector<T> gate_t = as<T>(gate), up_t = as<T>(up);
  std::vector<T> dgate(M * kWidth), dup(M * kWidth), out(M * kWidth);
  silu_mul_backward({gate_t.data(), up_t.data(), kWidth}, {dout.data(), kWidth}, M, kWidth,
                    {dgate.data(), dup.data(), kWidth}, {out.data(), kWidth});
  for (size_t i = 0; i < M * kWidth; ++i) {
    const double g = gate[i], s = 1 / (1 + std::exp(-g));
    ASSERT_NEAR(static_cast<float>(dgate[i]), dout[i] * up[i] * s * (1 + g * (1 - s)), tolerance);
    ASSERT_NEAR(static_cast<float>(dup[i]), dout[i] * g * s, tolerance);
    ASSERT_NEAR(static_cast<float>(out[i]), g * s * up[i], tolerance);
  }
}

TEST(ElementwiseBackward, SiluMul) {
  at_every_level([](SimdLevel) {
    expect_silu_gradients<float>(1e-5);
    expect_silu_gradients<BFloat16>(5e-2);
  });
}

// rotate() with negated sines is the transpose: <rotate(x), y> = <x, rotate_back(y)>.
TEST(ElementwiseBackward, RotationTurnsBackWithNegatedSines) {
  constexpr size_t M = 5, kHeads = 2, kDim = 16, kWidth = kHeads * kDim;
  std::vector<float> cosines, sines, negated;
  for (size_t i = 0; i < 3 * kDim / 2; ++i) {
    cosines.push_back(std::cos(0.3f * static_cast<float>(i)));
    sines.push_back(std::sin(0.3f * static_cast<float>(i)));
    negated.push_back(-sines.back());
  }
  const std::vector<float> x = random_vector("x", M * kWidth), y = random_vector("y", M * kWidth);
  std::vector<float> turned = x, turned_back = y;
  const Positions positions{.first = 1, .period = 2};
  rotate({cosines.data(), sines.data(), kDim}, {turned.data(), kWidth}, M, kHeads, positions, 0.7f);
  rotate({cosines.data(), negated.data(), kDim}, {turned_back.data(), kWidth}, M, kHeads, positions, 0.7f);
  double left = 0, right = 0;
  for (size_t i = 0; i < x.size(); ++i) left += turned[i] * y[i], right += x[i] * turned_back[i];
  EXPECT_NEAR(left, right, 1e-4);
}

}  // namespace
}  // namespace manyshot::kernels
