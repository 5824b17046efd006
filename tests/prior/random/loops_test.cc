#include <array>
#include <cstring>
#include <numbers>
#include <set>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"
#include "prior/testing.h"

namespace manyshot::prior {

using kernels::available_simd_levels;
using kernels::limit_simd;
using kernels::simd_name;
using kernels::SimdLevel;

namespace {

// Philox4x32 with 7 rounds, word by word.
std::array<uint32_t, 4> philox7(std::array<uint32_t, 4> c, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 7; ++round) {
    const uint64_t even = uint64_t{0xD2511F53} * c[0], odd = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(odd >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(odd),
         static_cast<uint32_t>(even >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(even)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

TEST(BulkRandom, BitsAreThoseOfPhilox) {
  const Rng rng = Rng(8).child("x");
  const uint64_t key = rng.bits(0);
  std::vector<uint32_t> words(200);
  for (const SimdLevel level : available_simd_levels()) {
    limit_simd(simd_name(level));
    BulkRandom(rng).bits(5, words.data(), words.size());
    for (size_t i = 0; i < words.size(); ++i) {
      const auto block = static_cast<uint32_t>(i / 64 * 16 + i % 16);
      const auto expected = philox7({block, 5, static_cast<uint32_t>(rng.bits(1)), 0x50726967u},
                                    {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
      ASSERT_EQ(words[i], expected[i % 64 / 16]) << i << " at " << simd_name(level);
    }
  }
  limit_simd(nullptr);
}

TEST(BulkRandom, NormalsHaveTheirQuantilesAndTails) {
  std::vector<float> z = normal_column(400'000, 4);
  expect_quantiles({z.begin(), z.end()}, {-1.644854, -0.674490, 0, 0.674490, 1.644854}, 0, "normal");
  double fourth = 0;
  size_t beyond = 0;
  for (const float v : z) {
    fourth += std::pow(v, 4);
    beyond += std::abs(v) > 3.5f ? 1 : 0;
  }
  EXPECT_NEAR(fourth / static_cast<double>(z.size()), 3, 0.08);
  expect_share(static_cast<double>(beyond), static_cast<double>(z.size()), 4.6526e-4, "beyond 3.5");
  // Neighbours, and values of one Box-Muller pair, are uncorrelated, also their squares.
  for (const size_t lag : {1, 16, 32, 64}) {
    double product = 0, squares = 0;
    for (size_t i = lag; i < z.size(); ++i) {
      product += z[i] * z[i - lag];
      squares += (z[i] * z[i] - 1) * (z[i - lag] * z[i - lag] - 1);
    }
    EXPECT_NEAR(product / static_cast<double>(z.size()), 0, 0.008) << lag;
    EXPECT_NEAR(squares / static_cast<double>(z.size()), 0, 0.02) << lag;
  }
}

TEST(BulkRandom, AValueDependsOnItsPlaceOnly) {
  const BulkRandom bulk(Rng(1).child("a"));
  std::vector<float> longer(300), shorter(300);
  bulk.normal(3, 0, 1, longer.data(), 300);
  for (const size_t count : {1, 63, 64, 65, 130}) {
    bulk.normal(3, 0, 1, shorter.data(), count);
    EXPECT_TRUE(std::equal(shorter.begin(), shorter.begin() + static_cast<ptrdiff_t>(count), longer.begin()));
  }
  bulk.normal(4, 0, 1, shorter.data(), 300);
  EXPECT_NE(shorter, longer);
  bulk.uniform(3, -2, 5, shorter.data(), 300);
  for (const float u : shorter) EXPECT_TRUE(u >= -2 && u < 5);
}

TEST(ColumnLoops, MomentsAgainstDouble) {
  for (const size_t count : {2, 15, 16, 64, 100, 1024, 1037}) {
    const std::vector<float> x = normal_column(count, count, 3, 2);
    double sum = 0, squares = 0;
    for (const float v : x) sum += v;
    for (const float v : x) squares += std::pow(v - sum / static_cast<double>(count), 2);
    const Moments moments = column_moments(x.data(), count);
    EXPECT_NEAR(moments.mean, sum / static_cast<double>(count), 2e-6);
    EXPECT_NEAR(moments.deviation, std::sqrt(squares / static_cast<double>(count - 1)), 4e-6);
    double inner = 0, number = 0;
    for (const float v : x) {
      if (v >= 2 && v <= 4) inner += v, ++number;
    }
    if (number > 0) {
      EXPECT_NEAR(moments_within(x.data(), count, 2, 4).mean, inner / number, 3e-6);
    }
    const Extremes extremes = column_extremes(x.data(), count);
    EXPECT_EQ(extremes.low, *std::min_element(x.begin(), x.end()));
    EXPECT_EQ(extremes.high, *std::max_element(x.begin(), x.end()));
  }
}

TEST(ColumnLoops, ClampCountAndAdd) {
  const std::vector<float> x = normal_column(77, 6);
  std::vector<float> out(77);
  clamp_and_scale(x.data(), 77, -1, 1.5f, 0.25f, 2, 2, out.data());
  for (size_t i = 0; i < 77; ++i)
    EXPECT_EQ(out[i], std::clamp((std::clamp(x[i], -1.0f, 1.5f) - 0.25f) * 2, -2.0f, 2.0f));
  const std::vector<float> thresholds{0.5f, x[3], -0.5f};
  std::vector<int32_t> classes(77);
  count_below(x.data(), 77, thresholds.data(), 3, classes.data());
  for (size_t i = 0; i < 77; ++i) EXPECT_EQ(classes[i], (x[i] > 0.5f) + (x[i] > x[3]) + (x[i] > -0.5f));
  add_scaled(x.data(), 77, 3, out.data());
  EXPECT_NEAR(out[76], std::clamp((std::clamp(x[76], -1.0f, 1.5f) - 0.25f) * 2, -2.0f, 2.0f) + 3 * x[76], 1e-5);
}

TEST(ColumnLoops, SameBitsAtEveryFusedLevel) {
  expect_same_bits_at_fused_levels([] {
    std::vector<float> all = normal_column(1037, 5, 1, 3), x = all;
    const Moments moments = column_moments(x.data(), x.size());
    all.push_back(moments.mean);
    all.push_back(moments.deviation);
    return all;
  });
}

}  // namespace
}  // namespace manyshot::prior
