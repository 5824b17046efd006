// What follows from the slices of a distribution.
#include "predict/distribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/rng.h"

namespace manyshot {
namespace {

using ::testing::Each;

std::vector<double> normal_numbers(size_t count) {
  std::vector<double> numbers;
  for (size_t i = 0; i < count; ++i) numbers.push_back(Rng(1).normal(i));
  std::ranges::sort(numbers);
  return numbers;
}

TEST(Distribution, SlicesKeepTheMeanWhateverTheNumberOfValues) {
  for (const size_t count : {1u, 2u, 7u, 100u, 1003u}) {
    const std::vector<double> numbers = normal_numbers(count);
    double mean = 0;
    for (const double number : numbers) mean += number / static_cast<double>(count);
    EXPECT_NEAR(mean_of(slices_of(numbers)), mean, 1e-12) << count;
  }
}

TEST(Distribution, SlicesFollowTheWeights) {
  std::vector<double> slices(kNumSlices);
  const std::vector<WeightedValue> values{{1, 3}, {5, 1}};
  put_slices(values, slices);
  for (size_t i = 0; i < kNumSlices; ++i) EXPECT_NEAR(slices[i], i < 75 ? 1 : 5, 1e-12) << i;
  EXPECT_NEAR(mean_of(slices), 2, 1e-12);
}

TEST(Distribution, SlicesRiseAndStayWithinTheValues) {
  std::vector<WeightedValue> values;
  for (size_t i = 0; i < 333; ++i) values.push_back({0.1 * static_cast<double>(i), 0.1 + Rng(2).uniform(i)});
  std::vector<double> slices(kNumSlices);
  put_slices(values, slices);
  EXPECT_TRUE(std::ranges::is_sorted(slices));
  EXPECT_GE(slices.front(), 0);
  EXPECT_LE(slices.back(), 33.2);
}

TEST(Distribution, QuantilesOfManyNormalNumbersAreThoseOfTheNormal) {
  const std::vector<double> slices = slices_of(normal_numbers(200'000));
  EXPECT_NEAR(quantile_of(slices, 0.05), -1.645, 0.02);
  EXPECT_NEAR(quantile_of(slices, 0.25), -0.6745, 0.01);
  EXPECT_NEAR(quantile_of(slices, 0.5), 0, 0.01);
  EXPECT_NEAR(quantile_of(slices, 0.95), 1.645, 0.02);
  double last = -10;
  for (double level = 0; level <= 1; level += 0.001) {
    EXPECT_GE(quantile_of(slices, level), last) << level;
    last = quantile_of(slices, level);
  }
}

// Of a normal number: CRPS at its mean sqrt(2/pi) - 1/sqrt(pi) (Gneiting and Raftery 2007), density 1/sqrt(2 pi).
TEST(Distribution, ScoresOfTheNormal) {
  const std::vector<double> slices = slices_of(normal_numbers(200'000));
  EXPECT_NEAR(crps_of(slices, 0), std::sqrt(2 / M_PI) - 1 / std::sqrt(M_PI), 3e-3);
  EXPECT_NEAR(crps_of(slices, 10), 10 - 1 / std::sqrt(M_PI), 1e-2);
  EXPECT_NEAR(log_density_of(slices, 0, 1e-3), -0.5 * std::log(2 * M_PI), 0.1);
  EXPECT_NEAR(log_density_of(slices, 1.5, 1e-3), -0.5 * std::log(2 * M_PI) - 1.125, 0.15);
  EXPECT_GT(log_density_of(slices, 3.5, 1e-3), log_density_of(slices, 5, 1e-3));
  EXPECT_GT(log_density_of(slices, -3.5, 1e-3), log_density_of(slices, -5, 1e-3));
}

TEST(Distribution, CrpsOfOneValueIsTheDistance) {
  EXPECT_THAT(slices_of(std::vector<double>{4}), Each(4));
  EXPECT_DOUBLE_EQ(crps_of(slices_of(std::vector<double>{4}), 7), 3);
  EXPECT_TRUE(std::isfinite(log_density_of(slices_of(std::vector<double>{4}), 4, 0.5)));
}

// The density is one: its integral over all values.
TEST(Distribution, TheDensityIsOfOneWhole) {
  const std::vector<double> slices = slices_of(normal_numbers(500));
  double whole = 0;
  for (double x = -20; x < 20; x += 0.001) whole += 0.001 * std::exp(log_density_of(slices, x, 1e-6));
  EXPECT_NEAR(whole, 1, 0.01);
}

}  // namespace
}  // namespace manyshot
