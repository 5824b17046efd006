#include "evaluate/summary/metrics.h"

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

// Small whole numbers from a linear congruential generator, so that other programs can make the same case: the
// constants below are scikit-learn's (tools/parity/evaluate_parity.py metrics).
struct Case {
  std::vector<double> probabilities;
  std::vector<int32_t> truth;
};
Case make_case(size_t rows, size_t num_classes, uint64_t state) {
  const auto next = [&] { return (state = (state * 1103515245 + 12345) % 2147483648) >> 16; };
  Case result;
  for (size_t row = 0; row < rows; ++row) {
    std::vector<double> weights;
    double sum = 0;
    for (size_t k = 0; k < num_classes; ++k) weights.push_back(static_cast<double>(next() % 32)), sum += weights.back();
    if (sum == 0) weights[0] = 1, sum = 1;
    result.truth.push_back(static_cast<int32_t>(next() % num_classes));
    weights[result.truth.back()] += 7;
    for (const double weight : weights) result.probabilities.push_back(weight / (sum + 7));
  }
  return result;
}

TEST(Metrics, EqualScikitLearn) {
  struct Expected {
    size_t rows, num_classes;
    uint64_t seed;
    double accuracy, balanced_accuracy, macro_f1, log_loss, auc, brier;
  };
  for (const Expected& e : {Expected{60, 2, 1, 0.5833333333333334, 0.5914285714285714, 0.5822890559732665,
                                     0.6347048182325057, 0.6737142857142857, 0.45111160038745235},
                            Expected{90, 3, 2, 0.5, 0.5008354218880534, 0.4924213717317166, 0.9576440179126419,
                                     0.6904751736033569, 0.5994934916841943},
                            Expected{200, 7, 3, 0.355, 0.36293345419874895, 0.35299135580241575, 1.7162981111471938,
                                     0.7112812677975942, 0.7950774261395138}}) {
    const Case c = make_case(e.rows, e.num_classes, e.seed);
    const Metrics metrics = score_predictions(c.probabilities, c.truth, e.num_classes);
    EXPECT_EQ(metrics.rows, e.rows);
    EXPECT_NEAR(metrics.accuracy, e.accuracy, 1e-12);
    EXPECT_NEAR(metrics.balanced_accuracy, e.balanced_accuracy, 1e-12);
    EXPECT_NEAR(metrics.macro_f1, e.macro_f1, 1e-12);
    EXPECT_NEAR(metrics.log_loss, e.log_loss, 1e-9);
    EXPECT_NEAR(metrics.auc, e.auc, 1e-12);
    EXPECT_NEAR(metrics.brier, e.brier, 1e-12);
  }
}

TEST(Metrics, AreaUnderTheCurveOfTiesAndOneSidedClasses) {
  // Class 1 against 0: (0.5 over 0.2), (0.5 over 0.5), (0.9 over both): 1 + 1/2 + 2 of 4 pairs.
  const std::vector<double> probabilities{0.8, 0.2, 0.5, 0.5, 0.5, 0.5, 0.1, 0.9};
  EXPECT_DOUBLE_EQ(area_under_curve(probabilities, std::vector<int32_t>{0, 0, 1, 1}, 2), 3.5 / 4);
  EXPECT_TRUE(std::isnan(area_under_curve(probabilities, std::vector<int32_t>{0, 0, 0, 0}, 2)));
  // Class 2 never occurs: the mean is over the other two.
  EXPECT_DOUBLE_EQ(area_under_curve(std::vector<double>{.7, .2, .1, .3, .6, .1}, std::vector<int32_t>{0, 1}, 3), 1);
}

TEST(Metrics, ReliabilityBinsHoldEveryRow) {
  MetricsAccumulator accumulator(2);
  accumulator.add(std::vector<double>{1, 0, 0.5, 0.5, 0.52, 0.48}, std::vector<int32_t>{0, 1, 0});
  const auto& bins = accumulator.reliability();
  ASSERT_EQ(bins.size(), static_cast<size_t>(kCalibrationBins));
  EXPECT_EQ(bins.back().rows, 1u);
  EXPECT_EQ(bins[7].rows, 2u);
  EXPECT_EQ(bins[7].correct, 1u);
  EXPECT_DOUBLE_EQ(bins[7].confidence, 1.02);
}

TEST(Metrics, NothingScored) { EXPECT_EQ(MetricsAccumulator(3).result().rows, 0u); }

}  // namespace
}  // namespace manyshot
