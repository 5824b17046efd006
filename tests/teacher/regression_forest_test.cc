// Regression trees and their forest: splits, leaves, distributions, the same answers for any number of threads.
#include "teacher/regression_forest.h"

#include <cmath>
#include <numeric>

#include "core/parallel.h"
#include "testing.h"

namespace manyshot::teacher {
namespace {

using ::testing::ElementsAre;

struct Grown {
  TestTable table;
  std::vector<double> distinct;
  RegressionTree tree;

  // Targets of the leaf that a row of the table falls into.
  std::vector<double> leaf(size_t row) const {
    std::vector<double> targets;
    for (const auto& atom : tree.leaf(table.columns(), row)) targets.push_back(distinct[atom.target]);
    return targets;
  }
};

Grown grow(std::vector<std::vector<float>> columns, const std::vector<double>& targets, const TreeOptions& options,
           std::vector<uint32_t> weights = {}) {
  Grown grown{.table = table_of(std::move(columns), std::vector<int32_t>(targets.size()))};
  grown.distinct = targets;
  std::ranges::sort(grown.distinct);
  grown.distinct.erase(std::unique(grown.distinct.begin(), grown.distinct.end()), grown.distinct.end());
  std::vector<uint32_t> places;
  for (const double target : targets)
    places.push_back(static_cast<uint32_t>(std::ranges::lower_bound(grown.distinct, target) - grown.distinct.begin()));
  if (weights.empty()) weights.assign(targets.size(), 1);
  RankedColumns ranked;
  const ColumnsView view = grown.table.columns();
  ranked.assign(view);
  RegressionGrower().grow({.columns = view, .ranked = ranked, .targets = targets, .places = places, .weights = weights},
                          options, grown.tree);
  return grown;
}

TEST(RegressionTree, TheFirstSplitLeavesTheLeastVariance) {
  const Grown grown = grow({{1, 2, 3, 4, 5}}, {0, 0, 1, 10, 10}, {.max_depth = 1});
  EXPECT_THAT(grown.leaf(0), ElementsAre(0, 1));
  EXPECT_THAT(grown.leaf(2), ElementsAre(0, 1));
  EXPECT_THAT(grown.leaf(3), ElementsAre(10));
  EXPECT_EQ(grown.tree.num_nodes(), 3u);
}

TEST(RegressionTree, GrowsUntilLeavesHaveOneTarget) {
  const std::vector<double> targets{5, 1, 4, 2, 3, 3};
  const Grown grown = grow({{1, 2, 3, 4, 5, 6}}, targets, {});
  for (size_t row = 0; row < targets.size(); ++row) EXPECT_THAT(grown.leaf(row), ElementsAre(targets[row])) << row;
}

// Neither feature alone lowers the variance.
TEST(RegressionTree, SplitsAlsoWhereTheFirstSplitGainsNothing) {
  const std::vector<double> targets{0, 1, 1, 0};
  const Grown grown = grow({{0, 0, 1, 1}, {0, 1, 0, 1}}, targets, {.max_features = 2});
  for (size_t row = 0; row < targets.size(); ++row) EXPECT_THAT(grown.leaf(row), ElementsAre(targets[row])) << row;
}

TEST(RegressionTree, WeightsCountAndRowsWithoutAreLeftOut) {
  const Grown grown = grow({{1, 2, 3, 4}}, {0, 9, 1, 1}, {.max_depth = 1}, {1, 0, 3, 1});
  const auto leaf = grown.tree.leaf(grown.table.columns(), 3);
  ASSERT_EQ(leaf.size(), 1u);
  EXPECT_EQ(leaf[0].weight, 4u);
  EXPECT_THAT(grown.leaf(0), ElementsAre(0));
}

TEST(RegressionTree, LeavesKeepTheirLeastRows) {
  const Grown grown = grow({{1, 2, 3, 4, 5, 6}}, {0, 10, 10, 10, 10, 10}, {.min_samples_leaf = 3});
  EXPECT_THAT(grown.leaf(0), ElementsAre(0, 10));
}

RegressionForest fit(const TestTable& table, const std::vector<double>& targets, uint64_t seed = 1) {
  RegressionForest forest;
  ForestOptions options;
  options.out_of_bag = true;
  forest.fit(table.columns(), targets, options, Rng(seed));
  return forest;
}

std::vector<double> sums(const TestTable& table) {
  std::vector<double> targets;
  for (size_t row = 0; row < table.num_rows(); ++row)
    targets.push_back(double{table.columns().at(row, 0)} + 2 * double{table.columns().at(row, 1)});
  return targets;
}

TEST(RegressionForest, DistributionsAreWholeSortedAndTheSameForAnyNumberOfThreads) {
  const TestTable table = random_table(200, 4, 2, 0, 1);
  const std::vector<double> targets = sums(table);
  set_num_threads(1);
  const RegressionForest one = fit(table, targets);
  set_num_threads(7);
  const RegressionForest seven = fit(table, targets);
  set_num_threads(0);
  for (size_t row = 0; row < table.num_rows(); ++row) {
    const auto shares = one.distribution(table.columns(), row), others = seven.distribution(table.columns(), row);
    double whole = 0;
    ASSERT_EQ(shares.size(), others.size());
    for (size_t i = 0; i < shares.size(); ++i) {
      whole += shares[i].share;
      EXPECT_EQ(shares[i].share, others[i].share);
      EXPECT_EQ(shares[i].target, others[i].target);
      if (i > 0) EXPECT_GT(shares[i].target, shares[i - 1].target);
    }
    EXPECT_NEAR(whole, 1, 1e-12);
  }
  for (size_t row = 0; row < table.num_rows(); ++row)
    EXPECT_EQ(one.out_of_bag_means()[row], seven.out_of_bag_means()[row]);
}

TEST(RegressionForest, OutOfBagMeansSayWhatNewRowsWillGet) {
  const TestTable table = random_table(400, 4, 2, 0, 2);
  const std::vector<double> targets = sums(table);
  const RegressionForest forest = fit(table, targets);
  double squares = 0, of_mean = 0;
  const double mean = std::accumulate(targets.begin(), targets.end(), 0.0) / 400;
  for (size_t row = 0; row < 400; ++row) {
    squares += std::pow(targets[row] - forest.out_of_bag_means()[row], 2);
    of_mean += std::pow(targets[row] - mean, 2);
  }
  const double r2 = 1 - squares / of_mean;
  EXPECT_GT(r2, 0.8);
  EXPECT_LT(r2, 0.99);  // with their own numbers it would be 0.99
}

}  // namespace
}  // namespace manyshot::teacher
