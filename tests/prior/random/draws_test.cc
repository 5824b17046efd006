#include "prior/random/draws.h"

#include <array>

#include "prior/testing.h"

namespace manyshot::prior {
namespace {

TEST(Draws, BetaHasItsMomentsAlsoForTinyShapes) {
  const std::array<std::array<double, 2>, 4> shapes{{{2, 5}, {0.5, 0.5}, {0.01, 0.02}, {30, 10}}};
  Draws draws(Rng(3).child("beta"));
  for (const auto& [a, b] : shapes) {
    double sum = 0, squares = 0;
    constexpr int kCount = 40'000;
    for (int i = 0; i < kCount; ++i) {
      const double x = draws.beta(a, b);
      ASSERT_GE(x, 0);
      ASSERT_LE(x, 1);
      sum += x;
      squares += x * x;
    }
    const double mean = a / (a + b);
    const double variance = a * b / ((a + b) * (a + b) * (a + b + 1));
    EXPECT_NEAR(sum / kCount, mean, 5 * std::sqrt(variance / kCount));
    EXPECT_NEAR(squares / kCount - sum * sum / kCount / kCount, variance, 0.03 * variance + 1e-4);
  }
}

TEST(Draws, WeightedNeverGivesAWeightOfZero) {
  Draws draws(Rng(3).child("weighted"));
  const std::vector<double> weights{0, 1, 0, 3, 0};
  int third = 0;
  for (int i = 0; i < 20'000; ++i) {
    const size_t index = draws.weighted(weights);
    ASSERT_TRUE(index == 1 || index == 3);
    third += index == 3 ? 1 : 0;
  }
  expect_share(third, 20'000, 0.75, "weight 3 of 4");
}

}  // namespace
}  // namespace manyshot::prior
