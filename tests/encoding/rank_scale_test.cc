#include "encoding/rank_scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/rng.h"

namespace manyshot {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(RankScale, ScoresAreNormalQuantilesOfMiddleRanks) {
  const std::vector<double> values{40, 10, 30, kNan, 30};
  const RankScale scale = RankScale::fit(values);
  EXPECT_DOUBLE_EQ(scale.score(10), normal_quantile(0.125));
  EXPECT_DOUBLE_EQ(scale.score(30), normal_quantile(0.5));  // two of four, one below
  EXPECT_DOUBLE_EQ(scale.score(40), normal_quantile(0.875));
  EXPECT_DOUBLE_EQ(scale.score(35), normal_quantile(0.875) / 2);  // half-way to the neighbour
  EXPECT_EQ(scale.score(-kInfinity), scale.score(10));
  EXPECT_EQ(scale.score(1e9), scale.score(40));
  EXPECT_TRUE(std::isnan(scale.score(kNan)));
}

TEST(RankScale, OnlyTheOrderMatters) {
  std::vector<double> values, warped;
  for (uint64_t i = 0; i < 50; ++i) values.push_back(Rng(4).normal(i));
  for (const double value : values) warped.push_back(std::exp(9 * value));
  const RankScale plain = RankScale::fit(values), heavy = RankScale::fit(warped);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(plain.score(values[i]), heavy.score(warped[i]));
}

TEST(RankScale, ExtremesStayFinite) {
  constexpr double kTiny = std::numeric_limits<double>::denorm_min(), kHuge = std::numeric_limits<double>::max();
  for (const std::vector<double>& values :
       {std::vector<double>{-kHuge, kHuge}, {0, kTiny}, {-kTiny, 0, kTiny}, {kInfinity, 1, -kInfinity}, {7}, {}}) {
    const RankScale scale = RankScale::fit(values);
    double last = -kInfinity;
    for (const double value : {-kInfinity, -kHuge, -1.0, -kTiny, 0.0, kTiny, 1.0, kHuge, kInfinity}) {
      EXPECT_TRUE(std::isfinite(scale.score(value)));
      EXPECT_GE(scale.score(value), last) << "never falls";
      last = scale.score(value);
    }
  }
}

}  // namespace
}  // namespace manyshot
