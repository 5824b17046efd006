#include "predict/calibration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/rng.h"

namespace manyshot {
namespace {

// N rows of log-probabilities over K classes, and labels drawn from softmax(sharpness * row).
struct Sample {
  std::vector<double> log_probabilities;
  std::vector<int32_t> labels;
};
Sample draw(size_t num_rows, size_t num_classes, double sharpness, const Rng& rng) {
  Sample sample;
  for (size_t row = 0; row < num_rows; ++row) {
    std::vector<double> logits(num_classes);
    double log_sum = 0, sum = 0;
    for (size_t k = 0; k < num_classes; ++k) logits[k] = rng.child("logit", k).normal(row);
    for (const double logit : logits) sum += std::exp(logit);
    log_sum = std::log(sum);
    for (double& logit : logits) sample.log_probabilities.push_back(logit -= log_sum);
    double total = 0, threshold = 0;
    for (const double logit : logits) total += std::exp(sharpness * logit);
    threshold = rng.child("label").uniform(row) * total;
    int32_t label = 0;
    for (double reached = std::exp(sharpness * logits[0]);
         reached < threshold && label + 1 < static_cast<int32_t>(num_classes);) {
      reached += std::exp(sharpness * logits[++label]);
    }
    sample.labels.push_back(label);
  }
  return sample;
}

TEST(Calibration, IdentityWithoutRows) {
  Calibration calibration = Calibration::fit({}, {}, 3);
  EXPECT_EQ(calibration.scale(), 1);
  std::vector<double> row{std::log(0.2), std::log(0.5), std::log(0.3)};
  calibration.apply(row);
  EXPECT_NEAR(row[0], 0.2, 1e-12);
  EXPECT_NEAR(row[1], 0.5, 1e-12);
}

TEST(Calibration, FindsTheSharpnessOfTheLabels) {
  for (const double sharpness : {0.5, 1.0, 2.0}) {
    const Sample sample = draw(20'000, 4, sharpness, Rng(11));
    const Calibration calibration = Calibration::fit(sample.log_probabilities, sample.labels, 4);
    EXPECT_NEAR(calibration.scale(), sharpness, 0.05 * sharpness + 0.02);
    for (const double offset : calibration.offsets()) EXPECT_NEAR(offset, 0, 0.06);
  }
}

TEST(Calibration, FewRowsMoveItLittle) {
  const Sample sample = draw(4, 2, 5, Rng(3));
  const Calibration calibration = Calibration::fit(sample.log_probabilities, sample.labels, 2);
  EXPECT_GT(calibration.scale(), 0.5);
  EXPECT_LT(calibration.scale(), 2);
}

TEST(Calibration, OffsetsFollowTheClassFrequencies) {
  std::vector<double> even(2 * 1000, std::log(0.5));
  std::vector<int32_t> labels(1000, 0);
  std::fill(labels.begin() + 800, labels.end(), 1);
  const Calibration calibration = Calibration::fit(even, labels, 2);
  std::vector<double> row{std::log(0.5), std::log(0.5)};
  calibration.apply(row);
  EXPECT_NEAR(row[0], 0.8, 0.02);
}

TEST(Calibration, LabelsThatContradictMakeItFlatAndNeverTurnItRound) {
  for (const size_t num_classes : {2, 3, 7}) {
    const Sample sample = draw(1'000, num_classes, -2, Rng(num_classes));
    const Calibration calibration = Calibration::fit(sample.log_probabilities, sample.labels, num_classes);
    EXPECT_GT(calibration.scale(), 0);
    EXPECT_LT(calibration.scale(), 0.1);
    std::vector<double> row(sample.log_probabilities.begin(),
                            sample.log_probabilities.begin() + static_cast<ptrdiff_t>(num_classes));
    const size_t best = std::max_element(row.begin(), row.end()) - row.begin();
    calibration.apply(row);
    EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-12);
    EXPECT_GT(row[best], 0.5 / static_cast<double>(num_classes));
  }
}

TEST(Calibration, ImpossibleClassesStayImpossible) {
  const std::vector<double> inputs{std::log(0.9), std::log(0.1), -INFINITY, std::log(0.2), std::log(0.8), -INFINITY};
  const std::vector<int32_t> labels{0, 1};
  std::vector<double> row{std::log(0.5), std::log(0.5), -INFINITY};
  Calibration::fit(inputs, labels, 3).apply(row);
  EXPECT_EQ(row[2], 0);
  EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-12);
}

TEST(FitShare, FollowsTheWayThatPredictsBetter) {
  const Sample sample = draw(400, 3, 1, Rng(5)), other = draw(400, 3, 1, Rng(6));
  EXPECT_LT(fit_share(sample.log_probabilities, other.log_probabilities, sample.labels, 3, 0.5), 0.1);
  EXPECT_GT(fit_share(other.log_probabilities, sample.log_probabilities, sample.labels, 3, 0.5), 0.9);
}

TEST(FitShare, StaysWhereItWasWithoutEvidence) {
  const Sample sample = draw(400, 3, 1, Rng(5));
  for (const double usual : {0.25, 0.5}) {
    EXPECT_NEAR(fit_share({}, {}, {}, 3, usual), usual, 1e-3);
    EXPECT_NEAR(fit_share(sample.log_probabilities, sample.log_probabilities, sample.labels, 3, usual), usual, 1e-3);
  }
  const Sample few = draw(4, 3, 1, Rng(7)), other = draw(4, 3, 1, Rng(8));
  EXPECT_NEAR(fit_share(few.log_probabilities, other.log_probabilities, few.labels, 3, 0.5), 0.5, 0.3);
}

TEST(FitShare, ImpossibleClassesDoNotMatter) {
  std::vector<double> a, b;
  std::vector<int32_t> labels;
  for (int row = 0; row < 100; ++row) {
    a.insert(a.end(), {std::log(0.1), std::log(0.9), -INFINITY});
    b.insert(b.end(), {std::log(0.9), std::log(0.1), -INFINITY});
    labels.push_back(0);
  }
  EXPECT_GT(fit_share(a, b, labels, 3, 0.5), 0.9);
}

TEST(Calibration, PerfectPredictionsConverge) {
  std::vector<double> inputs;
  std::vector<int32_t> labels;
  for (int row = 0; row < 600; ++row) {
    inputs.insert(inputs.end(), {row % 2 ? -30.0 : -1e-13, row % 2 ? -1e-13 : -30.0});
    labels.push_back(row % 2);
  }
  const Calibration calibration = Calibration::fit(inputs, labels, 2);
  EXPECT_TRUE(std::isfinite(calibration.scale()));
  EXPECT_GT(calibration.scale(), 0.5);
}

}  // namespace
}  // namespace manyshot
