// Kernels against their scalar twins, on every instruction set of this machine.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "kernels/scalar.h"
#include "kernels/testing.h"

namespace manyshot::kernels {
namespace {

double largest_difference(std::span<const float> a, std::span<const float> b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max<double>(largest, std::abs(a[i] - b[i]));
  return largest;
}

bool has_fused_multiply_add(SimdLevel level) {
  return level == SimdLevel::kNeon || level == SimdLevel::kAvx2 || level == SimdLevel::kAvx512 ||
         kernels::has_bf16(level);
}

class Kernels : public AtLevel {};
INSTANTIATE_TEST_SUITE_P(Levels, Kernels, every_level(), level_name);

struct Shape {
  size_t M, N, K;
};
constexpr Shape kShapes[] = {{1, 16, 2},  {2, 10, 3},     {5, 48, 16},    {6, 64, 32},
                             {7, 80, 33}, {13, 100, 128}, {31, 224, 352}, {128, 64, 64}};

TEST_P(Kernels, GemmF32) {
  for (const auto& [M, N, K] : kShapes) {
    const size_t lda = round_up(K, 2) + 4, ldc = round_up(N, 16) + 8;
    const auto a = random_values("a", M * lda);
    const PackedMatrix<float> w(random_values("w", N * K), N, K);
    for (Store store : {Store::kOverwrite, Store::kAdd}) {
      AlignedBuffer<float> c = random_values("c", M * ldc), expected = random_values("c", M * ldc);
      gemm({a.data(), lda}, M, w.panels(), {c.data(), ldc}, store);
      scalar::gemm({a.data(), lda}, M, w.panels(), {expected.data(), ldc}, store);
      EXPECT_LT(largest_difference(c, expected), has_fused_multiply_add(GetParam()) ? 1e-30 : 1e-4)
          << M << " " << N << " " << K;
    }
  }
}

TEST_P(Kernels, GemmBf16) {
  if (!kernels::has_bf16(GetParam())) GTEST_SKIP() << "needs avx512_bf16";
  for (const auto& [M, N, K] : kShapes) {
    const size_t lda = round_up(K, 2) + 4, ldc = round_up(N, 16) + 8;
    const auto a = random_values<BFloat16>("a", M * lda);
    const PackedMatrix<BFloat16> w(random_values("w", N * K), N, K);
    for (Store store : {Store::kOverwrite, Store::kAdd}) {
      AlignedBuffer<float> c = random_values("c", M * ldc), expected = random_values("c", M * ldc);
      gemm({a.data(), lda}, M, w.panels(), {c.data(), ldc}, store);
      scalar::gemm({a.data(), lda}, M, w.panels(), {expected.data(), ldc}, store);
      EXPECT_LT(largest_difference(c, expected), 1e-4) << M << " " << N << " " << K;
    }
  }
}

template <class T>
void expect_rows_do_not_see_each_other() {
  const size_t M = 29, N = 112, K = 64;
  const auto a = random_values<T>("a", M * K);
  const PackedMatrix<T> w(random_values("w", N * K), N, K);
  std::vector<float> all(M * N);
  gemm({a.data(), K}, M, w.panels(), {all.data(), N}, Store::kOverwrite);
  for (size_t count : {1, 2, 5, 6, 11}) {
    for (size_t first = 0; first + count <= M; first += 3) {
      for (size_t panel : {0, 2, 6}) {
        const size_t panels = std::min<size_t>(3, N / 16 - panel);
        std::vector<float> part(count * panels * 16);
        gemm({a.data() + first * K, K}, count, w.panels(panel, panel + panels), {part.data(), panels * 16},
             Store::kOverwrite);
        for (size_t row = 0; row < count; ++row) {
          for (size_t column = 0; column < panels * 16; ++column) {
            ASSERT_EQ(part[row * panels * 16 + column], all[(first + row) * N + panel * 16 + column]);
          }
        }
      }
    }
  }
}

TEST_P(Kernels, GemmGivesARowTheSameBitsInAnyBatch) {
  expect_rows_do_not_see_each_other<float>();
  if (kernels::has_bf16(GetParam())) expect_rows_do_not_see_each_other<BFloat16>();
}

TEST_P(Kernels, RmsNorm) {
  for (size_t width : {16, 48, 128}) {
    const size_t M = 5, stride = width + 16;
    const auto x = random_values("x", M * stride), gain = random_values("gain", width);
    AlignedBuffer<float> out(M * stride), expected(M * stride);
    AlignedBuffer<BFloat16> rounded(M * stride);
    rms_norm({gain.data(), width, 1e-6f}, {x.data(), stride}, M, {out.data(), stride});
    rms_norm({gain.data(), width, 1e-6f}, {x.data(), stride}, M, {rounded.data(), stride});
    scalar::rms_norm({gain.data(), width, 1e-6f}, {x.data(), stride}, M, {expected.data(), stride});
    EXPECT_LT(largest_difference(out, expected), 2e-6);
    for (size_t i = 0; i < M * stride; ++i) EXPECT_EQ(float(rounded[i]), float(BFloat16(out[i])));
  }
}

TEST_P(Kernels, Rotate) {
  for (size_t head_dim : {16, 32, 48}) {
    const size_t M = 9, heads = 3, stride = heads * head_dim + 16, half = head_dim / 2;
    const auto angles = random_values("angles", 20 * half);
    AlignedBuffer<float> cosines(20 * half), sines(20 * half);
    for (size_t i = 0; i < 20 * half; ++i) cosines[i] = std::cos(angles[i]), sines[i] = std::sin(angles[i]);
    const Rotation rotation{cosines.data(), sines.data(), head_dim};
    auto x = random_values("x", M * stride), expected = random_values("x", M * stride);
    const Positions positions{.first = 3, .period = 4};
    rotate(rotation, {x.data(), stride}, M, heads, positions, 0.25f);
    scalar::rotate(rotation, {expected.data(), stride}, M, heads, positions, 0.25f);
    EXPECT_LT(largest_difference(x, expected), 1e-6);
  }
}

TEST_P(Kernels, SiluMul) {
  const size_t M = 3, width = 64, stride = 80;
  const auto gate = random_values("gate", M * stride, 20), up = random_values("up", M * stride);
  AlignedBuffer<float> out(M * stride), expected(M * stride);
  AlignedBuffer<BFloat16> rounded(M * stride);
  silu_mul({gate.data(), up.data(), stride}, M, width, {out.data(), stride});
  silu_mul({gate.data(), up.data(), stride}, M, width, {rounded.data(), stride});
  scalar::silu_mul({gate.data(), up.data(), stride}, M, width, {expected.data(), stride});
  for (size_t i = 0; i < M * stride; ++i) {
    EXPECT_NEAR(out[i], expected[i], 6e-7 * std::abs(expected[i]));
    EXPECT_EQ(float(rounded[i]), float(BFloat16(out[i])));
  }
}

TEST_P(Kernels, SiluMulFarFromZero) {
  const AlignedBuffer<float> up = [] {
    AlignedBuffer<float> ones(16);
    for (size_t i = 0; i < 16; ++i) ones[i] = 1;
    return ones;
  }();
  AlignedBuffer<float> gate(16), out(16);
  const float extremes[] = {-1e30f, -1000, -90, -87, 87, 90, 1000, 1e30f};
  std::copy(std::begin(extremes), std::end(extremes), gate.data());
  silu_mul({gate.data(), up.data(), 16}, 1, 16, {out.data(), 16});
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(out[i], 0, 1e-7 * std::abs(extremes[i])) << extremes[i];
  for (size_t i = 4; i < 8; ++i) EXPECT_EQ(out[i], extremes[i]);
}

TEST_P(Kernels, Add) {
  const auto a = random_values("a", 48), b = random_values("b", 48);
  AlignedBuffer<float> out(48);
  add(a.data(), b.data(), 48, out.data());
  for (size_t i = 0; i < 48; ++i) EXPECT_EQ(out[i], a[i] + b[i]);
}

constexpr AttentionShape kAttentionShapes[] = {{4, 4, 32}, {2, 1, 16}, {6, 2, 48}};

TEST_P(Kernels, RowAttention) {
  for (const AttentionShape& shape : kAttentionShapes) {
    const size_t width = shape.query_width(), stride = width + 2 * shape.key_width();
    for (size_t tokens : {1, 2, 3, 8, 16, 17, 22, 66}) {
      for (size_t first_query : {size_t{0}, tokens - 1, tokens / 2}) {
        const auto qkv = random_values("qkv", tokens * stride);
        const float* k = qkv.data() + width;
        const AttentionInput in{qkv.data(), k, k + shape.key_width(), stride, stride};
        AlignedBuffer<float> scratch(row_attention_scratch(shape, tokens));
        AlignedBuffer<float> out(tokens * width), expected(tokens * width);
        AlignedBuffer<BFloat16> rounded(tokens * width);
        row_attention(shape, in, tokens, first_query, scratch.data(), {out.data(), width});
        row_attention(shape, in, tokens, first_query, scratch.data(), {rounded.data(), width});
        scalar::row_attention(shape, in, tokens, first_query, {expected.data(), width});
        EXPECT_LT(largest_difference(out, expected), 1e-5) << tokens << " tokens from " << first_query;
        for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(float(rounded[i]), float(BFloat16(out[i])));
      }
    }
  }
}

TEST_P(Kernels, ContextAttention) {
  for (const AttentionShape& shape : kAttentionShapes) {
    const size_t width = shape.query_width(), key_width = shape.key_width(), stride = width + 2 * key_width;
    for (size_t num_labels : {1, 15, 16, 17, 100, 515}) {
      const auto keys = random_values("keys", num_labels * key_width),
                 values = random_values("values", num_labels * key_width);
      LabelCache labels(shape, num_labels);
      for (size_t label = 0; label < num_labels; ++label) {
        labels.set(label, keys.data() + label * key_width, values.data() + label * key_width);
      }
      const ContextTokens kinds[] = {
          {.num_tokens = 14, .is_query = true},
          {.num_tokens = 2 * std::min<size_t>(num_labels, 20), .tokens_per_row = 2},
          {.num_tokens = std::min<size_t>(num_labels, 13), .first_row = num_labels - std::min<size_t>(num_labels, 13)}};
      for (const ContextTokens& tokens : kinds) {
        const size_t M = tokens.num_tokens;
        const auto qkv = random_values("qkv", M * stride);
        const float* k = qkv.data() + width;
        const AttentionInput in{qkv.data(), k, k + key_width, stride, stride};
        AlignedBuffer<float> scratch(context_attention_scratch(shape, num_labels));
        AlignedBuffer<float> out(M * width), expected(M * width);
        AlignedBuffer<BFloat16> rounded(M * width);
        context_attention(shape, labels, in, tokens, scratch.data(), {out.data(), width});
        context_attention(shape, labels, in, tokens, scratch.data(), {rounded.data(), width});
        scalar::context_attention(shape, {keys.data(), values.data(), num_labels}, in, tokens,
                                  {expected.data(), width});
        EXPECT_LT(largest_difference(out, expected), 1e-5) << num_labels << " labels";
        for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(float(rounded[i]), float(BFloat16(out[i])));
      }
    }
  }
}

TEST(BFloat16, RoundsToNearestEven) {
  EXPECT_EQ(BFloat16(1.0f).bits, 0x3F80);
  EXPECT_EQ(BFloat16(1.0f + 0x1p-8f).bits, 0x3F80);  // a tie, to even
  EXPECT_EQ(BFloat16(1.0f + 0x3p-8f).bits, 0x3F82);
  EXPECT_EQ(BFloat16(1.0f + 0x1.1p-8f).bits, 0x3F81);
  EXPECT_EQ(float(BFloat16(-2.5f)), -2.5f);
}

}  // namespace
}  // namespace manyshot::kernels
