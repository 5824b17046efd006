#include "evaluate/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace manyshot {
namespace {

TEST(Metrics, KnownValues) {
  MetricsAccumulator accumulator(2);
  accumulator.add(std::vector<double>{0.9, 0.1, 0.6, 0.4, 0.2, 0.8, 0.7, 0.3}, std::vector<int32_t>{0, 1, 1, 0});
  const Metrics metrics = accumulator.result();
  EXPECT_EQ(metrics.rows, 4u);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 0.75);
  EXPECT_DOUBLE_EQ(metrics.balanced_accuracy, 0.75);
  EXPECT_NEAR(metrics.log_loss, -(std::log(0.9) + std::log(0.4) + std::log(0.8) + std::log(0.7)) / 4, 1e-12);
  // One row a bin: |1 - .9| + |0 - .6| + |1 - .8| + |1 - .7| over 4.
  EXPECT_NEAR(metrics.ece, (0.1 + 0.6 + 0.2 + 0.3) / 4, 1e-12);
}

TEST(Metrics, BatchesAddUp) {
  const std::vector<double> probabilities{0.5, 0.3, 0.2, 0.1, 0.8, 0.1, 0.3, 0.3, 0.4};
  const std::vector<int32_t> truth{0, 2, 2};
  MetricsAccumulator whole(3), parts(3);
  whole.add(probabilities, truth);
  for (size_t row = 0; row < 3; ++row) {
    parts.add(std::span(probabilities).subspan(row * 3, 3), std::span(truth).subspan(row, 1));
  }
  EXPECT_EQ(whole.result().log_loss, parts.result().log_loss);
  EXPECT_EQ(whole.result().ece, parts.result().ece);
  EXPECT_DOUBLE_EQ(whole.result().balanced_accuracy, 0.75);
}

TEST(Metrics, ZeroProbabilitiesAreFloored) {
  MetricsAccumulator accumulator(2);
  accumulator.add(std::vector<double>{1, 0}, std::vector<int32_t>{1});
  EXPECT_NEAR(accumulator.result().log_loss, -std::log(0.001 / 1.001), 1e-12);
}

TEST(Metrics, UnscoredRowsAreLeftOutAndUnknownClassesCountAsWrong) {
  MetricsAccumulator accumulator(2);
  accumulator.add(std::vector<double>{1, 0, 1, 0, 1, 0}, std::vector<int32_t>{-1, 0, -2});
  const Metrics metrics = accumulator.result();
  EXPECT_EQ(metrics.rows, 2u);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 0.5);
  EXPECT_DOUBLE_EQ(metrics.balanced_accuracy, 0.5);
}

TEST(Metrics, NothingScored) { EXPECT_EQ(MetricsAccumulator(3).result().rows, 0u); }

}  // namespace
}  // namespace manyshot
