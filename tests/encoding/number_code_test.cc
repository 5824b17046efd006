#include "encoding/number_code.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace manyshot {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(NumberCode, RoundsHalfUpAndClips) {
  const std::vector<double> values{-1, 1};  // mean 0, population deviation 1
  const NumberCode code = NumberCode::fit(values);
  EXPECT_EQ(code.encode(0), 500);
  EXPECT_EQ(code.encode(1), 620);
  EXPECT_EQ(code.encode(-1), 380);
  EXPECT_EQ(code.encode(0.5 / 120), 501);   // 500.5 rounds up
  EXPECT_EQ(code.encode(-0.5 / 120), 500);  // 499.5 rounds up
  EXPECT_EQ(code.encode(499.0 / 120), 999);
  EXPECT_EQ(code.encode(100), 999);
  EXPECT_EQ(code.encode(-100), 0);
  EXPECT_EQ(code.encode(kInfinity), 999);
  EXPECT_EQ(code.encode(-kInfinity), 0);
}

TEST(NumberCode, IgnoresMissingValues) {
  const std::vector<double> with_missing{kNan, 30, 40, kNan, 50};
  const std::vector<double> without{30, 40, 50};
  const NumberCode a = NumberCode::fit(with_missing), b = NumberCode::fit(without);
  EXPECT_EQ(a.mean(), b.mean());
  EXPECT_EQ(a.inverse_deviation(), b.inverse_deviation());
  EXPECT_EQ(a.encode(kNan), kMissingCodeValue);
}

TEST(NumberCode, ConstantColumnsCarryNothing) {
  for (const std::vector<double>& values : {std::vector<double>{7, 7, 7}, {kNan, kNan}, {}, {3}}) {
    const NumberCode code = NumberCode::fit(values);
    EXPECT_TRUE(code.is_constant());
    EXPECT_EQ(code.encode(7), 500);
    EXPECT_EQ(code.encode(1e9), 500);
  }
}

TEST(NumberCode, SurvivesExtremeMagnitudes) {
  for (const double unit : {1e-300, 1e-30, 1.0, 1e30, 1e150, 1e307}) {
    const std::vector<double> values{-unit, unit};
    const NumberCode code = NumberCode::fit(values);
    EXPECT_EQ(code.encode(unit), 620) << unit;
    EXPECT_EQ(code.encode(-unit), 380) << unit;
  }
  const std::vector<double> far{1e15, 1e15 + 1, 1e15 + 2};
  EXPECT_EQ(NumberCode::fit(far).encode(1e15 + 1), 500);
}

}  // namespace
}  // namespace manyshot
