// The known answers come from an independent implementation of the same rules in Python, with 60-digit arithmetic for
// quantiles and logarithms; those of Philox from the Random123 distribution (kat_vectors).
#include "core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace manyshot {
namespace {

Rng noise() { return Rng(1).child("task", 7).child("noise", 3); }

TEST(Rng, PhiloxMatchesRandom123) {
  using Counter = std::array<uint32_t, 4>;
  EXPECT_EQ(Rng::philox({0, 0, 0, 0}, {0, 0}), (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Rng::philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Rng::philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, BitsAreFrozen) {
  EXPECT_EQ(Rng(1).bits(0), 0xfd5189490c507a6e);
  EXPECT_EQ(Rng(1).bits(1), 0x7b281a159a78f40d);
  EXPECT_EQ(Rng(1).bits(uint64_t{1} << 40), 0xa6dc64af38b29deb);
  EXPECT_EQ(noise().bits(0), 0x7146ad0945df162f);
  EXPECT_EQ(noise().bits(2), 0x536565117101b69u);
  EXPECT_EQ(Rng(1).child("").bits(0), 0xa16bf254b688c9ba);
  EXPECT_EQ(Rng(1).child("a").bits(0), 0xc2948d431cd22864);
  EXPECT_EQ(Rng(1).child("12345678").bits(0), 0x69a47e6653255f7u);
  EXPECT_EQ(Rng(1).child("task", uint64_t{1} << 63).bits(0), 0x7de933044c61aad6);
}

TEST(Rng, DistributionsAreFrozen) {
  EXPECT_EQ(noise().uniform(0), 0.44248467899694455);
  EXPECT_EQ(noise().uniform(2), 0.020360369489083374);
  EXPECT_NEAR(noise().normal(0), -0.144672619711351532, 1e-15);
  EXPECT_NEAR(noise().normal(2), -2.046362293827342316, 1e-14);
  EXPECT_NEAR(noise().exponential(0), 0.815349438869286505, 1e-15);
  EXPECT_NEAR(noise().exponential(2), 3.894164939670605389, 1e-14);
  const std::vector<uint64_t> digits = {4, 4, 0, 0, 8, 1, 6, 5, 0, 0, 7, 7};
  for (size_t index = 0; index < digits.size(); ++index) EXPECT_EQ(noise().below(index, 10), digits[index]);
  EXPECT_EQ(noise().permutation(8), (std::vector<uint32_t>{3, 0, 2, 1, 7, 5, 4, 6}));
}

TEST(Rng, BelowDrawsAgainWhereABoundDoesNotDivideEvenly) {
  const uint64_t bound =
      (uint64_t{1} << 63) + 1;  // about half of all draws are rejected; here the second and the fourth
  EXPECT_EQ(noise().below(0, bound), 4081200814997080855u);
  EXPECT_EQ(noise().below(1, bound), 2631716480227601037u);
  EXPECT_EQ(noise().below(2, bound), 187791262605643188u);
  EXPECT_EQ(noise().below(3, bound), 1210092731810268459u);
}

TEST(Rng, PathsDoNotMeet) {
  const Rng root(5);
  std::set<uint64_t> seen;
  size_t count = 0;
  const auto add = [&](const Rng& rng) {
    for (uint64_t index = 0; index < 4; ++index, ++count) seen.insert(rng.bits(index));
  };
  add(root);
  add(Rng(6));
  const std::string zero(1, '\0');
  for (const std::string& name : {std::string(), zero, zero + zero, std::string("\x80"), std::string("a"), "a" + zero,
                                  std::string("aaaaaaa"), std::string("aaaaaaaa"), std::string("aaaaaaaaa")}) {
    for (const uint64_t index : {0, 1, 97}) add(root.child(name, index));
    add(root.child(name).child(name));
  }
  for (uint64_t task = 0; task < 1000; ++task) {
    for (uint64_t column = 0; column < 10; ++column) add(root.child("task", task).child("noise", column));
  }
  EXPECT_EQ(seen.size(), count);
}

TEST(Rng, QuantilesMatchHighPrecision) {
  const std::pair<double, double> kKnown[] = {
      {1e-300, -37.0470962993611992}, {1e-20, -9.26234008979840757}, {1e-9, -5.99780701500768686},
      {0.001, -3.09023230616781353},  {0.07, -1.47579102817917068},  {0.075, -1.43953147093845593},
      {0.3, -0.52440051270804081},    {0.75, 0.674489750196081743},  {0.925, 1.439531470938456229},
      {0.93, 1.475791028179171099},   {0.975, 1.959963984540053855}, {0.9999, 3.719016485455708386},
  };
  for (const auto& [probability, z] : kKnown) {
    EXPECT_NEAR(normal_quantile(probability), z, 1e-14 * std::abs(z)) << probability;
  }
  EXPECT_EQ(normal_quantile(0.5), 0);
}

TEST(Rng, QuantilesAreOddAndInvertTheDistribution) {
  for (int step = 1; step < 1024; ++step) {
    const double probability = step / 1024.0;
    EXPECT_EQ(normal_quantile(probability), -normal_quantile(1 - probability));
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(probability) / std::sqrt(2.0)), probability, 1e-15);
  }
}

struct Moments {
  double mean, variance, skewness, kurtosis;
};

template <class Draw>
Moments moments_of(Draw draw, int count) {
  double mean = 0, sums[3] = {};
  for (int index = 0; index < count; ++index) mean += draw(index) / count;
  for (int index = 0; index < count; ++index) {
    const double d = draw(index) - mean;
    sums[0] += d * d / count;
    sums[1] += d * d * d / count;
    sums[2] += d * d * d * d / count;
  }
  return {mean, sums[0], sums[1] / std::pow(sums[0], 1.5), sums[2] / (sums[0] * sums[0])};
}

// Tolerances are five standard errors at 200,000 draws.
constexpr int kDraws = 200000;

TEST(Rng, UniformHasItsMoments) {
  const Rng rng(11);
  const Moments moments = moments_of([&](int index) { return rng.uniform(index, -2, 4); }, kDraws);
  EXPECT_NEAR(moments.mean, 1, 0.0194);
  EXPECT_NEAR(moments.variance, 3, 0.030);
  EXPECT_NEAR(moments.kurtosis, 1.8, 0.02);
}

TEST(Rng, NormalHasItsMoments) {
  const Rng rng(12);
  const Moments moments = moments_of([&](int index) { return rng.normal(index); }, kDraws);
  EXPECT_NEAR(moments.mean, 0, 0.0112);
  EXPECT_NEAR(moments.variance, 1, 0.0158);
  EXPECT_NEAR(moments.skewness, 0, 0.0274);
  EXPECT_NEAR(moments.kurtosis, 3, 0.055);
}

TEST(Rng, ExponentialHasItsMoments) {
  const Rng rng(13);
  const Moments moments = moments_of([&](int index) { return rng.exponential(index); }, kDraws);
  EXPECT_NEAR(moments.mean, 1, 0.0112);
  EXPECT_NEAR(moments.variance, 1, 0.0317);
  EXPECT_NEAR(moments.skewness, 2, 0.12);
}

TEST(Rng, NeighbouringIndicesAndChildrenAreUncorrelated) {
  const Rng rng(14);
  double next_index = 0, next_child = 0;
  for (int index = 0; index < kDraws; ++index) next_index += rng.normal(index) * rng.normal(index + 1) / kDraws;
  for (int child = 0; child < kDraws; ++child) {
    next_child += rng.child("c", child).normal(0) * rng.child("c", child + 1).normal(0) / kDraws;
  }
  EXPECT_NEAR(next_index, 0, 0.0112);
  EXPECT_NEAR(next_child, 0, 0.0112);
}

TEST(Rng, UniformStaysBelowItsUpperEnd) {
  const double high = std::nextafter(1.0, 2.0);
  for (int index = 0; index < 1000; ++index) EXPECT_LT(Rng(15).uniform(index, 1.0, high), high);
}

TEST(Rng, BernoulliFollowsItsProbability) {
  const Rng rng(16);
  int hits = 0;
  for (int index = 0; index < kDraws; ++index) hits += rng.bernoulli(index, 0.3);
  EXPECT_NEAR(hits / double{kDraws}, 0.3, 0.0052);
  EXPECT_FALSE(rng.bernoulli(0, 0));
  EXPECT_TRUE(rng.bernoulli(0, 1));
}

double chi_square(std::span<const int> counts) {
  const double expected = std::accumulate(counts.begin(), counts.end(), 0.0) / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

TEST(Rng, BelowIsUniform) {
  const Rng rng(17);
  for (const int bound : {2, 7, 24, 100}) {
    std::vector<int> counts(bound);
    for (int index = 0; index < kDraws; ++index) ++counts[rng.below(index, bound)];
    const double freedom = bound - 1;
    EXPECT_LT(chi_square(counts), freedom + 4 * std::sqrt(2 * freedom) + 6) << bound;
  }
  EXPECT_EQ(rng.below(0, 1), 0u);
}

TEST(Rng, BelowIsUniformWhereMostDrawsAreRejected) {
  const uint64_t third = uint64_t{1} << 62;
  const Rng rng(18);
  std::vector<int> counts(3);
  for (int index = 0; index < 30000; ++index) ++counts[rng.below(index, 3 * third) / third];
  EXPECT_LT(chi_square(counts), 18.4);  // 99.99 % of chi-square with 2 degrees of freedom
}

TEST(Rng, AllPermutationsAreEquallyLikely) {
  std::vector<int> counts(24);
  for (uint64_t trial = 0; trial < 48000; ++trial) {
    const std::vector<uint32_t> order = Rng(19).child("trial", trial).permutation(4);
    size_t rank = 0;
    for (size_t place = 0; place < 4; ++place) {
      const auto smaller_after =
          std::count_if(order.begin() + place, order.end(), [&](uint32_t v) { return v < order[place]; });
      rank = rank * (4 - place) + static_cast<size_t>(smaller_after);
    }
    ++counts[rank];
  }
  EXPECT_LT(chi_square(counts), 56.0);  // 99.99 % with 23 degrees of freedom
}

TEST(Rng, SampleIsTheBeginningOfThePermutation) {
  for (const uint32_t n : {1u, 2u, 9u, 200u}) {
    const std::vector<uint32_t> order = Rng(20).permutation(n);
    for (const uint32_t k : {0u, 1u, n / 2, n}) {
      const std::vector<uint32_t> chosen = Rng(20).sample(n, k);
      EXPECT_TRUE(std::equal(chosen.begin(), chosen.end(), order.begin(), order.begin() + k)) << n << " " << k;
    }
  }
  EXPECT_TRUE(Rng(20).permutation(0).empty());
}

TEST(Rng, SampleOfMany) {
  const std::vector<uint32_t> chosen = Rng(21).sample(4000000000u, 5);
  EXPECT_EQ(std::set<uint32_t>(chosen.begin(), chosen.end()).size(), 5u);
}

}  // namespace
}  // namespace manyshot
