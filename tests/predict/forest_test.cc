// The random forest behind the Method door.
#include "predict/forest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "predict/testing.h"

namespace manyshot {
namespace {

using testing::clouds;
using ::testing::ElementsAre;
using testing::numbers;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double accuracy(const std::vector<double>& probabilities, const std::vector<int32_t>& labels) {
  double correct = 0;
  for (size_t row = 0; row < labels.size(); ++row)
    correct += (probabilities[2 * row + 1] > probabilities[2 * row]) == (labels[row] == 1);
  return correct / static_cast<double>(labels.size());
}

TEST(Forest, TellsCloudsApart) {
  const LabelledTable test = clouds(400, 2, 2, 2);
  const auto probabilities = open_method("forest")->fit(clouds(200, 2, 2, 1))->predict(test.features);
  EXPECT_GT(accuracy(probabilities, test.labels), 0.87);  // the best possible is 92 %
  for (size_t row = 0; row < 400; ++row) ASSERT_NEAR(probabilities[2 * row] + probabilities[2 * row + 1], 1, 1e-12);
}

TEST(Forest, HasAHundredTrees) {
  for (const double probability :
       open_method("forest")->fit(clouds(60, 2, 1, 1))->predict(clouds(50, 2, 1, 2).features)) {
    EXPECT_NEAR(probability * 100, std::round(probability * 100), 1e-9);  // pure leaves: whole votes
  }
  const auto ten = ForestMethod(0, 10).fit(clouds(60, 2, 1, 1))->predict(clouds(50, 2, 1, 2).features);
  for (const double probability : ten) EXPECT_NEAR(probability * 10, std::round(probability * 10), 1e-9);
}

TEST(Forest, MissingNumbersAreTheMedianOfTheLabelledRows) {
  LabelledTable shots = clouds(101, 2, 2, 3);
  const auto predictor = open_method("forest")->fit(shots);
  std::vector<double> sorted = shots.features.columns[0].numbers;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(predictor->predict(numbers({{kNan, kNan}, {0, 3}})),
            predictor->predict(numbers({{sorted[50], sorted[50]}, {0, 3}})));
}

TEST(Forest, InfinitiesAndHugeNumbersAreNumbers) {
  LabelledTable shots{.features = numbers({{1e300, -1e300, INFINITY, -INFINITY, 2e300, -2e300}}),
                      .labels = {1, 0, 1, 0, 1, 0},
                      .classes = {"a", "b"}};
  const auto probabilities = open_method("forest")->fit(shots)->predict(numbers({{1e308, -1e308}}));
  EXPECT_GT(probabilities[1], 0.9);
  EXPECT_GT(probabilities[2], 0.9);
}

TEST(Forest, ClassesWithoutLabelledRowsGetNothing) {
  LabelledTable shots = clouds(40, 2, 2, 4);
  shots.classes = {"a", "b", "c"};
  const auto probabilities = open_method("forest")->fit(shots)->predict(shots.features);
  for (size_t row = 0; row < 40; ++row) EXPECT_EQ(probabilities[row * 3 + 2], 0);
}

TEST(Forest, SameBitsForAnyThreadsAndAnyBatchButNotAnySeed) {
  const LabelledTable shots = clouds(150, 2, 1, 5);
  const Table queries = clouds(600, 2, 1, 6).features;
  set_num_threads(1);
  const auto one = open_method("forest", {}, 7)->fit(shots)->predict(queries);
  set_num_threads(3);
  EXPECT_EQ(open_method("forest", {}, 7)->fit(shots)->predict(queries), one);
  const auto alone = open_method("forest", {}, 7)
                         ->fit(shots)
                         ->predict(numbers({{queries.columns[0].numbers[500]}, {queries.columns[1].numbers[500]}}));
  EXPECT_THAT(alone, ElementsAre(one[1000], one[1001]));
  set_num_threads(0);
  EXPECT_NE(open_method("forest", {}, 8)->fit(shots)->predict(queries), one);
}

TEST(Forest, NoQueriesNoProbabilities) {
  EXPECT_TRUE(open_method("forest")->fit(clouds(10, 2, 1, 1))->predict(numbers({{}, {}})).empty());
}

}  // namespace
}  // namespace manyshot
