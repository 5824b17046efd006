// The baselines behind the Method door: known answers, and what every predictor promises.
#include "predict/baselines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/parallel.h"
#include "predict/testing.h"

namespace manyshot {
namespace {

using testing::clouds;
using ::testing::ElementsAre;
using testing::expect_same_in_groups;
using testing::numbers;

TEST(Majority, GivesClassShares) {
  const LabelledTable shots{.features = numbers({{1, 2, 3, 4}}), .labels = {0, 0, 2, 0}, .classes = {"a", "b", "c"}};
  EXPECT_THAT(open_method("majority")->fit(shots)->predict(numbers({{9, 9}})),
              ElementsAre(0.75, 0, 0.25, 0.75, 0, 0.25));
}

TEST(Knn, WeighsNeighboursByInverseDistance) {
  // Column mean 3, population deviation 2, so distances from 2 are 1/2, 1/2 and 3/2 deviations.
  const LabelledTable shots{.features = numbers({{1, 5}}), .labels = {0, 1}, .classes = {"a", "b"}};
  const auto probabilities = open_method("knn")->fit(shots)->predict(numbers({{2}}));
  EXPECT_NEAR(probabilities[0], 0.75, 1e-12);
  EXPECT_NEAR(probabilities[1], 0.25, 1e-12);
}

TEST(Knn, ExactMatchesOutweighAllOthers) {
  const LabelledTable shots{.features = numbers({{1, 1, 1, 5}}), .labels = {0, 1, 1, 0}, .classes = {"a", "b"}};
  const auto probabilities = open_method("knn")->fit(shots)->predict(numbers({{1}}));
  EXPECT_NEAR(probabilities[1], 2.0 / 3, 1e-12);
}

TEST(Knn, ScaleOfAColumnDoesNotMatter) {
  LabelledTable shots = clouds(80, 2, 2, 1);
  const Table queries = shots.features;
  const auto before = open_method("knn")->fit(shots)->predict(queries);
  Table scaled = queries;
  for (double& value : scaled.columns[0].numbers) value *= 1024;
  shots.features = scaled;
  EXPECT_EQ(open_method("knn")->fit(shots)->predict(scaled), before);
}

class EveryBaseline : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryBaseline, ProbabilitiesSumToOneAndAbsentClassesGetZero) {
  LabelledTable shots = clouds(60, 3, 2, 2);
  shots.classes = {"a", "b", "never"};
  shots.features.columns[1].numbers[3] = kMissingNumber;
  const auto probabilities = open_method(GetParam())->fit(shots)->predict(shots.features);
  ASSERT_EQ(probabilities.size(), 60u * 3);
  for (size_t row = 0; row < 60; ++row) {
    EXPECT_NEAR(probabilities[row * 3] + probabilities[row * 3 + 1], 1, 1e-6);
    EXPECT_EQ(probabilities[row * 3 + 2], 0);
  }
}

TEST_P(EveryBaseline, AQueryDoesNotDependOnItsNeighboursOrTheThreads) {
  const LabelledTable shots = clouds(100, 4, 1, 3);
  const auto predictor = open_method(GetParam())->fit(shots);
  set_num_threads(1);
  const std::vector<double> all = predictor->predict(shots.features);
  for (const int threads : {1, 2, 7}) {
    set_num_threads(threads);
    EXPECT_EQ(predictor->predict(shots.features), all);
    expect_same_in_groups(*predictor, shots.features, all, {{17}, {99, 17, 3}, {5, 17}});
  }
  set_num_threads(0);
}

TEST_P(EveryBaseline, NoQueriesNoProbabilities) {
  const LabelledTable shots = clouds(20, 2, 1, 4);
  EXPECT_TRUE(open_method(GetParam())->fit(shots)->predict(numbers({{}, {}})).empty());
}

INSTANTIATE_TEST_SUITE_P(, EveryBaseline, ::testing::ValuesIn(baseline_names()));

TEST(Baselines, KnnAndXgboostSeparateClouds) {
  const LabelledTable shots = clouds(200, 4, 2.5, 5), held_out = clouds(400, 4, 2.5, 6);
  for (const char* name : {"knn", "xgboost"}) {
    const auto probabilities = open_method(name)->fit(shots)->predict(held_out.features);
    int correct = 0;
    for (size_t row = 0; row < held_out.labels.size(); ++row)
      correct += (probabilities[2 * row + 1] > 0.5) == held_out.labels[row];
    EXPECT_GT(correct, 380) << name;  // Bayes rate .994
  }
}

}  // namespace
}  // namespace manyshot
