#include "evaluate/summary/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace manyshot {
namespace {

using ::testing::ElementsAre;

TEST(Statistics, IntervalsOfTheMean) {
  const std::vector<double> values{1, 2, 3, 4};  // deviation sqrt(5/3)
  const Interval t = t_interval(values);
  EXPECT_NEAR(t.high - 2.5, 3.1824 * std::sqrt(5.0 / 3) / 2, 1e-4);
  EXPECT_NEAR(t.low + t.high, 5, 1e-12);
  EXPECT_NEAR(normal_interval(values).high - 2.5, 1.959964 * std::sqrt(5.0 / 3) / 2, 1e-6);
  EXPECT_TRUE(std::isnan(t_interval(std::vector<double>{1}).low));
}

TEST(Statistics, QuantileOfManyDegrees) {  // scipy.stats.t.ppf(0.975, 40) = 2.0210753829953374
  std::vector<double> values(41);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0 ? 1 : -1;
  const double mean = 1.0 / 41, deviation = std::sqrt((41 - 41 * mean * mean) / 40);
  EXPECT_NEAR((t_interval(values).high - mean) * std::sqrt(41) / deviation, 2.0210753829953374, 2e-6);
}

TEST(Statistics, BootstrapCoversTheMeanAndRepeats) {
  std::vector<double> values;
  for (int i = 0; i < 40; ++i) values.push_back(std::sin(i));
  Bootstrap bootstrap;
  const Interval interval = bootstrap.interval(values), again = Bootstrap().interval(values);
  EXPECT_EQ(interval.low, again.low);
  EXPECT_EQ(interval.high, again.high);
  const Interval normal = normal_interval(values);
  EXPECT_NEAR(interval.low, normal.low, 0.04);
  EXPECT_NEAR(interval.high, normal.high, 0.04);
  EXPECT_TRUE(std::isnan(bootstrap.interval(std::vector<double>{3}).low));
  const Interval constant = bootstrap.interval(std::vector<double>(5, 0.25));
  EXPECT_DOUBLE_EQ(constant.low, 0.25);
  EXPECT_DOUBLE_EQ(constant.high, 0.25);
}

TEST(Statistics, RanksShareTies) {
  EXPECT_THAT(ranks(std::vector<double>{0.9, 0.5, 0.9, 0.1}, true), ElementsAre(1.5, 3, 1.5, 4));
  EXPECT_THAT(ranks(std::vector<double>{0.9, 0.5, 0.9, 0.1}, false), ElementsAre(3.5, 2, 3.5, 1));
}

}  // namespace
}  // namespace manyshot
