#include "predict/choose_labels.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "core/rng.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;

// Rows of random probabilities, the last class rare.
std::vector<double> random_probabilities(size_t num_rows, size_t num_classes, uint64_t seed) {
  const Rng rng = Rng(seed).child("p");
  std::vector<double> p(num_rows * num_classes);
  for (size_t row = 0; row < num_rows; ++row) {
    double sum = 0;
    for (size_t k = 0; k < num_classes; ++k) {
      double& value = p[row * num_classes + k];
      value = std::exp(rng.normal(row * num_classes + k) - (k + 1 == num_classes ? 1.5 : 0));
      sum += value;
    }
    for (size_t k = 0; k < num_classes; ++k) p[row * num_classes + k] /= sum;
  }
  return p;
}

double expected_f1(std::span<const double> p, const std::vector<int32_t>& labels, size_t num_classes) {
  double mean = 0;
  for (size_t k = 0; k < num_classes; ++k) {
    double expected = 0, given = 0, correct = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
      expected += p[row * num_classes + k];
      if (labels[row] != static_cast<int32_t>(k)) continue;
      given += 1;
      correct += p[row * num_classes + k];
    }
    mean += 2 * correct / (given + expected) / static_cast<double>(num_classes);
  }
  return mean;
}

// The largest over all labels there are.
double best_f1(std::span<const double> p, size_t num_classes) {
  std::vector<int32_t> labels(p.size() / num_classes, 0);
  double best = 0;
  while (true) {
    best = std::max(best, expected_f1(p, labels, num_classes));
    size_t row = 0;
    while (row < labels.size() && ++labels[row] == static_cast<int32_t>(num_classes)) labels[row++] = 0;
    if (row == labels.size()) return best;
  }
}

TEST(ChooseLabels, TakesTheLikeliestForAccuracy) {
  const std::vector<double> p{0.2, 0.8, 0.5, 0.5, 0.9, 0.1};
  EXPECT_THAT(choose_labels(LabelMetric::kAccuracy, p, std::vector<uint32_t>{1, 99}), ElementsAre(1, 0, 0));
}

TEST(ChooseLabels, WeighsByTheShareOfTheClassForBalancedAccuracy) {
  const std::vector<double> p{0.96, 0.04, 0.94, 0.06, 0.5, 0.5};
  EXPECT_THAT(choose_labels(LabelMetric::kBalancedAccuracy, p, std::vector<uint32_t>{95, 5}), ElementsAre(0, 1, 1));
  const std::vector<double> q{0, 0.3, 0.7};  // no labelled row has the first class
  EXPECT_THAT(choose_labels(LabelMetric::kBalancedAccuracy, q, std::vector<uint32_t>{0, 1, 9}), ElementsAre(1));
}

TEST(ChooseLabels, FindsLabelsOfTheLargestExpectedF1) {
  size_t found = 0;
  constexpr size_t kTries = 40;
  for (size_t seed = 0; seed < kTries; ++seed) {
    const size_t num_classes = 2 + seed % 2;
    const std::vector<double> p = random_probabilities(num_classes == 2 ? 11 : 7, num_classes, seed);
    const std::vector<uint32_t> counts(num_classes, 10);
    const double f1 = expected_f1(p, choose_labels(LabelMetric::kF1, p, counts), num_classes);
    const double likeliest = expected_f1(p, choose_labels(LabelMetric::kAccuracy, p, counts), num_classes);
    const double best = best_f1(p, num_classes);
    EXPECT_GE(f1, likeliest) << seed;
    EXPECT_GE(f1, 0.9 * best) << seed;
    found += f1 > best - 1e-9;
  }
  EXPECT_GE(found, kTries * 3 / 4) << "a climb may end at a lower hill, but rarely";
}

TEST(ChooseLabels, OfNoRowsAreNone) {
  EXPECT_TRUE(choose_labels(LabelMetric::kF1, {}, std::vector<uint32_t>{1, 1}).empty());
}

}  // namespace
}  // namespace manyshot
