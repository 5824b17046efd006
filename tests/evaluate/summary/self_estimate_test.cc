#include "evaluate/summary/self_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Of `rows` rows, classes in turn, the first `correct` get 0.8 on their own class, the others 0.2.
SelfEstimate estimate(size_t rows, size_t correct) {
  std::vector<double> honest;
  std::vector<int32_t> labels;
  for (size_t row = 0; row < rows; ++row) {
    const auto label = static_cast<int32_t>(row % 2);
    const double own = row < correct ? 0.8 : 0.2;
    const double other = row < correct ? 0.2 : 0.8;
    honest.push_back(label == 0 ? own : other);
    honest.push_back(label == 1 ? own : other);
    labels.push_back(label);
  }
  return *estimate_on_labelled_rows(honest, labels, 2);
}

TEST(SelfEstimate, WilsonIntervalOfTheAccuracy) {
  const SelfEstimate result = estimate(100, 90);
  EXPECT_DOUBLE_EQ(result.accuracy, 0.9);
  // statsmodels.stats.proportion.proportion_confint(90, 100, method="wilson")
  EXPECT_NEAR(result.accuracy_interval.low, 0.8256343384950865, 1e-9);
  EXPECT_NEAR(result.accuracy_interval.high, 0.9447708629393249, 1e-9);
  EXPECT_NEAR(result.log_loss, -0.9 * std::log(0.8) - 0.1 * std::log(0.2), 1e-12);
  EXPECT_LT(result.log_loss_interval.low, result.log_loss);
  EXPECT_GT(result.log_loss_interval.high, result.log_loss);
  EXPECT_TRUE(result.is_above_majority());
  EXPECT_THAT(describe(result),
              HasSubstr("100 labelled rows whose own label was hidden: accuracy 0.900 (0.826 to 0.945)"));
  EXPECT_THAT(describe(result), Not(HasSubstr("no better")));
}

TEST(SelfEstimate, AreaAndItsErrorByHanleyAndMcNeil) {
  const SelfEstimate result = estimate(100, 90);  // 45 of 50 on either side: area .9 * .9 + 2 * .9 * .1 / 2
  EXPECT_NEAR(result.auc, 0.9, 1e-12);
  const double a = result.auc, q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
  const double error = std::sqrt((a * (1 - a) + 49 * (q1 - a * a) + 49 * (q2 - a * a)) / 2500);
  EXPECT_NEAR(result.auc_interval.high - a, 1.959963984540054 * error, 1e-9);
}

TEST(SelfEstimate, SaysThatItIsNoBetterThanTheMajority) {
  const SelfEstimate result = estimate(20, 12);
  EXPECT_FALSE(result.is_above_majority());
  EXPECT_THAT(describe(result), HasSubstr("no better than always saying the most frequent class (0.500)"));
}

TEST(SelfEstimate, RowsWithoutAPredictionDoNotCount) {
  const std::vector<double> honest{0.9, 0.1, kNan, kNan, 0.2, 0.8};
  const auto result = estimate_on_labelled_rows(honest, std::vector<int32_t>{0, 1, 0}, 2);
  EXPECT_EQ(result->rows, 2u);
  EXPECT_DOUBLE_EQ(result->accuracy, 0.5);
  EXPECT_TRUE(std::isnan(result->auc)) << "one class only";
  EXPECT_THAT(describe(*result), Not(HasSubstr("AUC")));
  EXPECT_FALSE(estimate_on_labelled_rows(std::vector<double>{kNan, kNan}, std::vector<int32_t>{0}, 2));
  EXPECT_FALSE(estimate_on_labelled_rows({}, {}, 2));
}

}  // namespace
}  // namespace manyshot
