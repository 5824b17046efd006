// Trees: known ones by hand, and that every split of a random one is the best there is.
#include "teacher/decision_tree.h"

#include <map>
#include <set>

#include "testing.h"

namespace manyshot::teacher {
namespace {

using ::testing::ElementsAre;

DecisionTree grow(const TestTable& table, TreeOptions options = {}, std::vector<uint32_t> weights = {},
                  uint64_t seed = 1, std::span<double> decreases = {}) {
  if (!options.max_features) options.max_features = static_cast<int>(table.num_features);
  if (weights.empty()) weights.assign(table.num_rows(), 1);
  const ColumnsView columns = table.columns();
  RankedColumns ranked;
  ranked.assign(columns);
  DecisionTree tree;
  TreeGrower().grow({.columns = columns,
                     .ranked = ranked,
                     .labels = table.labels,
                     .weights = weights,
                     .num_classes = table.num_classes,
                     .seed = seed},
                    options, tree, decreases);
  return tree;
}

std::vector<double> shares_at(const DecisionTree& tree, std::vector<float> row) {
  std::vector<double> shares(static_cast<size_t>(tree.num_classes()));
  tree.add_shares({row.data(), 1, row.size(), 1}, 0, shares.data());
  return shares;
}

TEST(DecisionTree, SplitsInTheMiddleBetweenNeighbouringValues) {
  const DecisionTree tree = grow(table_of({{1, 2, 4, 8}}, {0, 0, 1, 1}));
  ASSERT_EQ(tree.nodes().size(), 3u);
  EXPECT_EQ(tree.nodes()[0].feature, 0);
  EXPECT_EQ(tree.nodes()[0].threshold, 3);
  EXPECT_EQ(tree.depth(), 1u);
  EXPECT_THAT(shares_at(tree, {3}), ElementsAre(1, 0));
  EXPECT_THAT(shares_at(tree, {3.001f}), ElementsAre(0, 1));
}

TEST(DecisionTree, TakesTheFeatureThatLowersImpurityMost) {
  // Feature 0 leaves 2 of 6 rows on the wrong side, feature 1 none.
  const TestTable table = table_of({{1, 2, 3, 4, 5, 6}, {1, 9, 2, 8, 3, 7}}, {0, 1, 0, 1, 0, 1});
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const DecisionTree tree = grow(table, {}, {}, seed);
    ASSERT_EQ(tree.nodes().size(), 3u);
    EXPECT_EQ(tree.nodes()[0].feature, 1);
    EXPECT_EQ(tree.nodes()[0].threshold, 5);
  }
}

TEST(DecisionTree, TheFirstOfEqualThresholdsWins) {
  // Cutting off either end costs 2/3: the lower one comes first.
  const DecisionTree tree = grow(table_of({{1, 2, 3, 4}}, {1, 0, 0, 1}));
  EXPECT_EQ(tree.nodes()[0].threshold, 1.5f);
}

TEST(DecisionTree, ExclusiveOrIsSplitThoughNoSplitHelps) {
  const DecisionTree tree = grow(table_of({{0, 0, 1, 1}, {0, 1, 0, 1}}, {0, 1, 1, 0}));
  EXPECT_EQ(tree.num_leaves(), 4u);
  EXPECT_EQ(tree.depth(), 2u);
  EXPECT_THAT(shares_at(tree, {0, 1}), ElementsAre(0, 1));
  EXPECT_THAT(shares_at(tree, {1, 1}), ElementsAre(1, 0));
}

TEST(DecisionTree, OneClassIsOneLeaf) {
  const DecisionTree tree = grow(table_of({{1, 2, 3}}, {2, 2, 2}, 4));
  EXPECT_EQ(tree.nodes().size(), 1u);
  EXPECT_THAT(shares_at(tree, {7}), ElementsAre(0, 0, 1, 0));
}

TEST(DecisionTree, ConstantFeaturesLeaveShares) {
  const DecisionTree tree = grow(table_of({{5, 5, 5, 5}, {1, 1, 1, 1}}, {0, 1, 1, 2}, 3));
  EXPECT_EQ(tree.nodes().size(), 1u);
  EXPECT_THAT(shares_at(tree, {5, 1}), ElementsAre(0.25, 0.5, 0.25));
}

TEST(DecisionTree, EqualRowsOfDifferentClassesShareALeaf) {
  const DecisionTree tree = grow(table_of({{1, 1, 1, 2}, {4, 4, 4, 4}}, {0, 0, 1, 1}));
  EXPECT_EQ(tree.num_leaves(), 2u);
  EXPECT_THAT(shares_at(tree, {1, 4}), ElementsAre(2.0 / 3, 1.0 / 3));
}

TEST(DecisionTree, WeightsAreRepeatedRows) {
  const TestTable table = random_table(60, 4, 3, 5, 3);
  std::vector<uint32_t> weights;
  TestTable repeated{.num_features = 4, .num_classes = 3};
  std::vector<size_t> rows;
  for (size_t row = 0; row < 60; ++row) {
    weights.push_back(static_cast<uint32_t>(Rng(8).below(row, 4)));
    for (uint32_t copy = 0; copy < weights.back(); ++copy) rows.push_back(row);
  }
  for (size_t feature = 0; feature < 4; ++feature) {
    for (const size_t row : rows) repeated.values.push_back(table.values[feature * 60 + row]);
  }
  for (const size_t row : rows) repeated.labels.push_back(table.labels[row]);
  const DecisionTree weighted = grow(table, {}, weights);
  const DecisionTree copied = grow(repeated);
  ASSERT_EQ(weighted.nodes().size(), copied.nodes().size());
  for (size_t node = 0; node < weighted.nodes().size(); ++node) {
    EXPECT_EQ(weighted.nodes()[node].feature, copied.nodes()[node].feature);
    EXPECT_EQ(weighted.nodes()[node].threshold, copied.nodes()[node].threshold);
  }
  for (size_t row = 0; row < 60; ++row) {
    std::vector<double> a(3), b(3);
    weighted.add_shares(table.columns(), row, a.data());
    copied.add_shares(table.columns(), row, b.data());
    EXPECT_EQ(a, b);
  }
}

TEST(DecisionTree, ThresholdPartsNeighbouringFloats) {
  const float low = 1.0f, high = std::nextafter(low, 2.0f);
  const DecisionTree tree = grow(table_of({{low, high}}, {0, 1}));
  EXPECT_THAT(shares_at(tree, {low}), ElementsAre(1, 0));
  EXPECT_THAT(shares_at(tree, {high}), ElementsAre(0, 1));
  const float largest = std::numeric_limits<float>::max();
  const DecisionTree ends = grow(table_of({{-largest, largest}}, {0, 1}));
  EXPECT_EQ(ends.nodes()[0].threshold, 0);
  const DecisionTree both = grow(table_of({{largest, largest / 2}}, {0, 1}));
  EXPECT_EQ(both.nodes()[0].threshold, 0.75f * largest);
}

TEST(DecisionTree, ZerosOfBothSignsAreEqual) { EXPECT_EQ(grow(table_of({{-0.0f, 0.0f}}, {0, 1})).nodes().size(), 1u); }

TEST(DecisionTree, LimitsHold) {
  const TestTable table = random_table(300, 5, 2, 0, 5);
  EXPECT_EQ(grow(table, {.max_depth = 3}).depth(), 3u);
  const auto rows_per_leaf = [&](const DecisionTree& tree) {
    std::map<const void*, int> counts;
    std::vector<int> rows;
    std::map<uint32_t, int> by_leaf;
    for (size_t row = 0; row < table.num_rows(); ++row) {
      uint32_t node = 0;
      while (tree.nodes()[node].feature >= 0) {
        const auto& n = tree.nodes()[node];
        node = n.next + (table.columns().at(row, static_cast<size_t>(n.feature)) > n.threshold);
      }
      ++by_leaf[node];
    }
    for (const auto& [leaf, count] : by_leaf) rows.push_back(count);
    return rows;
  };
  for (const int count : rows_per_leaf(grow(table, {.min_samples_leaf = 7}))) EXPECT_GE(count, 7);
  EXPECT_THAT(rows_per_leaf(grow(table)), ::testing::Contains(1));
  EXPECT_EQ(grow(table, {.min_samples_split = 300}).num_leaves(), 2u);
  EXPECT_EQ(grow(table, {.min_samples_split = 301}).num_leaves(), 1u);
  EXPECT_EQ(grow(table, {.min_samples_leaf = 150}).num_leaves(), 2u);
  EXPECT_EQ(grow(table, {.min_samples_leaf = 151}).num_leaves(), 1u);
}

TEST(DecisionTree, DrawsPastConstantFeaturesUntilOneVaries) {
  // Nine constant columns, one that tells the classes apart; one feature tried for a split.
  std::vector<std::vector<float>> columns(10, std::vector<float>(8, 1));
  columns[6] = {1, 2, 3, 4, 5, 6, 7, 8};
  const TestTable table = table_of(columns, {0, 0, 0, 0, 1, 1, 1, 1});
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(grow(table, {.max_features = 1}, {}, seed).num_leaves(), 2u);
  }
}

TEST(DecisionTree, FeaturesAreDrawnEvenly) {
  // One of five equally useless features splits the root: each 200 of 1,000 times, standard deviation 12.6.
  const TestTable table = random_table(20, 5, 2, 0, 9);
  std::map<int32_t, int> roots;
  for (uint64_t seed = 0; seed < 1000; ++seed)
    ++roots[grow(table, {.max_features = 1}, {}, Rng(seed).bits(0)).nodes()[0].feature];
  for (const auto& [feature, count] : roots) EXPECT_NEAR(count, 200, 51) << feature;
  EXPECT_EQ(roots.size(), 5u);
}

TEST(DecisionTree, SquareRootOfTheFeatures) {
  EXPECT_EQ(num_tried_features({}, 1), 1u);
  EXPECT_EQ(num_tried_features({}, 3), 1u);
  EXPECT_EQ(num_tried_features({}, 4), 2u);
  EXPECT_EQ(num_tried_features({}, 50), 7u);
  EXPECT_EQ(num_tried_features({.max_features = 9}, 4), 4u);
}

// Sum over both sides of n (1 - sum of squared shares), the quantity a split minimises.
double cost(const TestTable& table, const std::vector<uint32_t>& weights, const std::vector<size_t>& rows,
            size_t feature, float threshold) {
  std::vector<double> side[2] = {std::vector<double>(static_cast<size_t>(table.num_classes)),
                                 std::vector<double>(static_cast<size_t>(table.num_classes))};
  for (const size_t row : rows)
    side[table.columns().at(row, feature) > threshold][static_cast<size_t>(table.labels[row])] += weights[row];
  double sum = 0;
  for (const auto& counts : side) {
    double n = 0, squares = 0;
    for (const double count : counts) n += count, squares += count * count;
    if (n > 0) sum += n - squares / n;
  }
  return sum;
}

// Walks down with the rows and compares every split with all others.
void expect_best_splits(const DecisionTree& tree, const TestTable& table, const std::vector<uint32_t>& weights,
                        uint32_t index, const std::vector<size_t>& rows) {
  const DecisionTree::Node& node = tree.nodes()[index];
  std::set<int32_t> classes;
  for (const size_t row : rows) classes.insert(table.labels[row]);
  double lowest = INFINITY;
  for (size_t feature = 0; feature < table.num_features; ++feature) {
    std::set<float> values;
    for (const size_t row : rows) values.insert(table.columns().at(row, feature));
    values.erase(std::prev(values.end()));
    for (const float value : values) lowest = std::min(lowest, cost(table, weights, rows, feature, value));
  }
  if (node.feature < 0) {
    ASSERT_TRUE(classes.size() == 1 || lowest == INFINITY);
    ASSERT_EQ(node.feature == DecisionTree::kPureLeaf, classes.size() == 1);
    return;
  }
  ASSERT_GT(classes.size(), 1u);
  ASSERT_NEAR(cost(table, weights, rows, static_cast<size_t>(node.feature), node.threshold), lowest, 1e-9);
  std::vector<size_t> sides[2];
  float low = -INFINITY, high = INFINITY;
  for (const size_t row : rows) {
    const float value = table.columns().at(row, static_cast<size_t>(node.feature));
    sides[value > node.threshold].push_back(row);
    if (value > node.threshold) {
      high = std::min(high, value);
    } else {
      low = std::max(low, value);
    }
  }
  ASSERT_FALSE(sides[0].empty() || sides[1].empty());
  ASSERT_LE(node.threshold, 0.5 * low + 0.5 * high);
  ASSERT_GT(std::nextafter(node.threshold, INFINITY), 0.5 * low + 0.5 * high);
  for (uint32_t side = 0; side < 2; ++side) expect_best_splits(tree, table, weights, node.next + side, sides[side]);
}

struct Shape {
  size_t rows, features;
  int classes, levels;
};
class EveryShape : public ::testing::TestWithParam<Shape> {};

TEST_P(EveryShape, NoSplitIsBetterThanTheChosenOne) {
  const Shape shape = GetParam();
  for (uint64_t seed = 0; seed < (shape.rows > 1000 ? 1 : 3); ++seed) {
    const TestTable table = random_table(shape.rows, shape.features, shape.classes, shape.levels, seed);
    std::vector<uint32_t> weights;
    std::vector<size_t> rows;
    for (size_t row = 0; row < shape.rows; ++row) {
      weights.push_back(static_cast<uint32_t>(Rng(seed).below(row, 3)));
      if (weights.back() > 0) rows.push_back(row);
    }
    expect_best_splits(grow(table, {}, weights, seed), table, weights, 0, rows);
  }
}
INSTANTIATE_TEST_SUITE_P(Shapes, EveryShape,
                         ::testing::Values(Shape{5, 1, 2, 0}, Shape{40, 3, 2, 0}, Shape{40, 3, 2, 4},
                                           Shape{100, 3, 7, 0}, Shape{100, 3, 7, 6}, Shape{300, 2, 2, 40},
                                           Shape{300, 2, 5, 40}, Shape{500, 2, 10, 0}, Shape{300, 3, 2, 2},
                                           Shape{300, 3, 10, 3}, Shape{300, 2, 300, 0}, Shape{200, 2, 260, 12},
                                           Shape{6000, 1, 2, 0}, Shape{6000, 1, 4, 500}));

TEST(DecisionTree, DecreasesAreTheImpurityTheSplitsRemove) {
  // Root: 4 and 4, impurity 1/2; feature 0 cuts off 3 pure rows (5 rows left: 1 and 4, impurity 8/25), feature 1 parts
  // the rest.
  const TestTable table = table_of({{1, 2, 3, 9, 9, 9, 9, 9}, {5, 5, 5, 1, 6, 6, 6, 6}}, {0, 0, 0, 0, 1, 1, 1, 1});
  std::vector<double> decreases(2);
  const DecisionTree tree = grow(table, {}, {}, 1, decreases);
  ASSERT_EQ(tree.num_leaves(), 2u);  // feature 1 alone parts the classes at 5.5
  EXPECT_THAT(decreases, ElementsAre(0, 0.5));
  TestTable harder = table;
  harder.values[8 + 3] = 6;  // rows 3..7 equal: no feature parts them
  const DecisionTree second = grow(harder, {}, {}, 1, decreases);
  ASSERT_EQ(second.num_leaves(), 2u);
  EXPECT_NEAR(decreases[0] + decreases[1], 0.5 - 5.0 / 8 * 8.0 / 25, 1e-12);
}

}  // namespace
}  // namespace manyshot::teacher
