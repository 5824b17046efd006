// Forests: the same bytes for any number of threads, probabilities, the out-of-bag score, importances.
#include "teacher/random_forest.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <map>
#include <string>

#include "core/error.h"
#include "core/options.h"
#include "core/parallel.h"
#include "kernels/simd.h"
#include "support/error.h"
#include "testing.h"

namespace manyshot::teacher {

using kernels::available_simd_levels;
using kernels::limit_simd;
using kernels::simd_name;
using kernels::SimdLevel;

namespace {

using ::testing::ElementsAre;
using ::testing::StrEq;

RandomForest fit(const TestTable& table, const ForestOptions& options, uint64_t seed = 1) {
  RandomForest forest;
  ForestScratch scratch;
  forest.fit(table.columns(), table.labels, table.num_classes, options, Rng(seed), scratch);
  return forest;
}

std::vector<double> predict(const RandomForest& forest, const ColumnsView& columns) {
  std::vector<double> probabilities(columns.num_rows * static_cast<size_t>(forest.num_classes()));
  forest.predict(columns, probabilities);
  return probabilities;
}

double accuracy(const RandomForest& forest, const ColumnsView& columns, std::span<const int32_t> labels) {
  std::vector<double> probabilities(columns.num_rows * static_cast<size_t>(forest.num_classes()));
  std::vector<int32_t> predicted(columns.num_rows);
  forest.predict_labels(columns, probabilities, predicted);
  size_t correct = 0;
  for (size_t row = 0; row < predicted.size(); ++row) correct += predicted[row] == labels[row];
  return static_cast<double>(correct) / static_cast<double>(predicted.size());
}

std::string bytes_of(const RandomForest& forest, const TestTable& table) {
  std::string bytes;
  for (const DecisionTree& tree : forest.trees()) {
    for (const auto& node : tree.nodes()) {
      bytes.append(reinterpret_cast<const char*>(&node.threshold), sizeof node.threshold);
      bytes += std::to_string(node.feature) + "," + std::to_string(node.next) + ";";
    }
  }
  const auto append = [&](const std::vector<double>& numbers) {
    bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double));
  };
  append(predict(forest, table.columns()));
  append(forest.importances());
  append(forest.out_of_bag_probabilities());
  return bytes;
}

TEST(RandomForest, SameBytesForAnyNumberOfThreads) {
  for (const int num_classes : {2, 5}) {
    const TestTable table = random_table(700, 9, num_classes, num_classes == 5 ? 12 : 0, 2);
    const ForestOptions options = {.num_trees = 13, .out_of_bag = true, .importances = true};
    set_num_threads(1);
    const std::string one = bytes_of(fit(table, options), table);
    for (const int threads : {2, 7}) {
      set_num_threads(threads);
      EXPECT_EQ(bytes_of(fit(table, options), table), one) << threads;
    }
    set_num_threads(0);
    EXPECT_NE(bytes_of(fit(table, options, 2), table), one);
  }
}

TEST(RandomForest, SameBytesOnEveryInstructionSet) {
  struct Shape {
    size_t rows, features;
    int classes, levels;
  };
  for (const Shape& shape : {Shape{900, 12, 2, 0}, Shape{900, 12, 7, 0}, Shape{900, 12, 2, 9}, Shape{900, 12, 7, 30},
                             Shape{5000, 3, 3, 0}, Shape{400, 4, 300, 0}}) {
    const TestTable table = random_table(shape.rows, shape.features, shape.classes, shape.levels, 21);
    std::map<std::string, std::string> bytes;
    for (const SimdLevel level : available_simd_levels()) {
      limit_simd(simd_name(level));
      bytes[simd_name(level)] = bytes_of(fit(table, {.num_trees = 4, .out_of_bag = true, .importances = true}), table);
    }
    limit_simd(nullptr);
    for (const auto& [name, forest] : bytes)
      EXPECT_EQ(forest, bytes.begin()->second) << name << ", " << shape.classes << " classes";
  }
}

// Rows that cannot be packed (weights of 256 and more, more than 256 classes) take other ways to the same trees.
TEST(RandomForest, PackedAndUnpackedRowsGiveTheSameTrees) {
  for (const int num_classes : {2, 6}) {
    const TestTable table = random_table(300, 5, num_classes, num_classes == 2 ? 0 : 25, 22);
    std::vector<uint32_t> weights(300), large(300);
    for (size_t row = 0; row < 300; ++row) {
      weights[row] = static_cast<uint32_t>(Rng(23).below(row, 3));
      large[row] = 200 * weights[row];
    }
    const ColumnsView columns = table.columns();
    RankedColumns ranked;
    ranked.assign(columns);
    TreeGrower grower;
    const auto grow = [&](std::span<const uint32_t> counts, int classes) {
      DecisionTree tree;
      grower.grow({.columns = columns,
                   .ranked = ranked,
                   .labels = table.labels,
                   .weights = counts,
                   .num_classes = classes,
                   .seed = 4},
                  {}, tree);
      std::string nodes;
      for (const auto& node : tree.nodes()) nodes += fmt::format("{} {} {};", node.threshold, node.feature, node.next);
      return nodes;
    };
    const std::string packed = grow(weights, num_classes);
    EXPECT_EQ(grow(large, num_classes), packed);
    EXPECT_EQ(grow(weights, 257), packed);
    EXPECT_EQ(grow(weights, 256), packed);
  }
}

TEST(RandomForest, ScratchAndForestCanBeUsedAgainInAnyOrder) {
  ForestScratch scratch;
  RandomForest forest;
  for (const auto& [rows, features, classes] :
       std::vector<std::array<size_t, 3>>{{300, 20, 3}, {10, 2, 2}, {500, 3, 9}, {40, 40, 2}}) {
    const TestTable table = random_table(rows, features, static_cast<int>(classes), 0, rows);
    forest.fit(table.columns(), table.labels, table.num_classes, {.num_trees = 5}, Rng(3), scratch);
    EXPECT_EQ(predict(forest, table.columns()), predict(fit(table, {.num_trees = 5}, 3), table.columns()));
  }
}

TEST(RandomForest, FirstTreesDoNotDependOnTheirNumber) {
  const TestTable table = random_table(200, 6, 2, 0, 4);
  const RandomForest few = fit(table, {.num_trees = 3}), many = fit(table, {.num_trees = 8});
  for (size_t tree = 0; tree < 3; ++tree) {
    ASSERT_EQ(few.trees()[tree].nodes().size(), many.trees()[tree].nodes().size());
    EXPECT_EQ(std::memcmp(few.trees()[tree].nodes().data(), many.trees()[tree].nodes().data(),
                          few.trees()[tree].nodes().size() * sizeof(DecisionTree::Node)),
              0);
  }
}

TEST(RandomForest, ProbabilitiesSumToOneAndDoNotDependOnOtherRows) {
  const TestTable table = random_table(400, 5, 4, 0, 6);
  const RandomForest forest = fit(table, {.num_trees = 30});
  const std::vector<double> all = predict(forest, table.columns());
  for (size_t row = 0; row < 400; ++row) {
    double sum = 0;
    for (size_t k = 0; k < 4; ++k) sum += all[row * 4 + k];
    ASSERT_NEAR(sum, 1, 1e-12);
  }
  for (const size_t first : {0, 3, 250, 399}) {
    const size_t count = std::min<size_t>(9, 400 - first);
    EXPECT_EQ(predict(forest, table.rows(first, count)),
              std::vector<double>(all.begin() + static_cast<ptrdiff_t>(first * 4),
                                  all.begin() + static_cast<ptrdiff_t>((first + count) * 4)));
  }
}

TEST(RandomForest, AbsentClassesGetNothing) {
  TestTable table = random_table(100, 3, 2, 0, 7);
  table.num_classes = 5;
  for (int32_t& label : table.labels) label = label == 0 ? 1 : 3;
  const RandomForest forest = fit(table, {.num_trees = 10});
  const std::vector<double> probabilities = predict(forest, table.columns());
  for (size_t row = 0; row < 100; ++row) {
    EXPECT_EQ(probabilities[row * 5], 0);
    EXPECT_EQ(probabilities[row * 5 + 2], 0);
    EXPECT_EQ(probabilities[row * 5 + 4], 0);
  }
}

TEST(RandomForest, OneRowAndOneClass) {
  const TestTable one_row = table_of({{3}, {4}}, {1});
  EXPECT_THAT(predict(fit(one_row, {.num_trees = 4}), one_row.columns()), ElementsAre(0, 1));
  const TestTable one_class = table_of({{1, 2, 3}}, {0, 0, 0}, 1);
  EXPECT_THAT(predict(fit(one_class, {.num_trees = 4}), one_class.columns()), ElementsAre(1, 1, 1));
}

TEST(RandomForest, WithoutBootstrapATreeKnowsItsRows) {
  const TestTable table = random_table(500, 4, 3, 0, 8);
  EXPECT_EQ(accuracy(fit(table, {.num_trees = 1, .bootstrap = false}), table.columns(), table.labels), 1);
  EXPECT_LT(accuracy(fit(table, {.num_trees = 1}), table.columns(), table.labels), 0.98);
}

TEST(RandomForest, LearnsWhatCanBeLearned) {
  // Labels are the sign of a sum of two normals plus a third: no classifier gets more than 80.4 % right.
  const TestTable table = random_table(4000, 6, 2, 0, 11);
  TestTable train{.labels = {table.labels.begin(), table.labels.begin() + 2000}, .num_features = 6};
  RandomForest forest;
  ForestScratch scratch;
  forest.fit(table.rows(0, 2000), train.labels, 2, {.num_trees = 100, .out_of_bag = true, .importances = true}, Rng(1),
             scratch);
  const double tested = accuracy(forest, table.rows(2000, 2000), std::span(table.labels).subspan(2000));
  EXPECT_GT(tested, 0.75);
  EXPECT_LT(tested, 0.82);
  EXPECT_NEAR(forest.out_of_bag_score(), tested, 0.04);
  double useful = forest.importances()[0] + forest.importances()[1], sum = 0;
  for (const double importance : forest.importances()) sum += importance;
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_GT(useful, 0.5);
  EXPECT_GT(forest.importances()[0], 2 * forest.importances()[3]);
}

TEST(RandomForest, OutOfBagRowsAreThoseATreeDidNotSee) {
  // One tree, out of bag by hand: rows the tree knows score NaN, the others as the tree predicts.
  const TestTable table = random_table(50, 2, 2, 0, 12);
  ForestScratch scratch;
  RandomForest forest;
  forest.fit(table.columns(), table.labels, 2, {.num_trees = 1, .out_of_bag = true}, Rng(5), scratch);
  const std::vector<double> probabilities = predict(forest, table.columns());
  size_t unseen = 0, correct = 0;
  uint32_t drawn = 0;
  for (size_t row = 0; row < 50; ++row) {
    drawn += scratch.all_weights[row];
    if (scratch.all_weights[row] > 0) {
      EXPECT_TRUE(std::isnan(forest.out_of_bag_probabilities()[row * 2]));
      continue;
    }
    ++unseen;
    EXPECT_EQ(forest.out_of_bag_probabilities()[row * 2], probabilities[row * 2]);
    correct += (probabilities[row * 2 + 1] > probabilities[row * 2]) == (table.labels[row] == 1);
  }
  EXPECT_EQ(drawn, 50u);
  EXPECT_GT(unseen, 5u);
  EXPECT_EQ(forest.out_of_bag_score(), static_cast<double>(correct) / static_cast<double>(unseen));
}

TEST(RandomForest, BootstrapLeavesOutAShareOfOneOverE) {
  const TestTable table = random_table(2001, 1, 2, 0, 13);
  ForestScratch scratch;
  RandomForest forest;
  ForestOptions depth_one{.num_trees = 50, .out_of_bag = true};
  depth_one.max_depth = 1;
  forest.fit(table.columns(), table.labels, 2, depth_one, Rng(5), scratch);
  std::vector<size_t> histogram(20);
  for (const uint32_t weight : scratch.all_weights) ++histogram[std::min(weight, 19u)];
  const double rows = 50 * 2001.0;
  EXPECT_NEAR(histogram[0] / rows, 0.3679, 0.003);  // Poisson with mean 1
  EXPECT_NEAR(histogram[1] / rows, 0.3679, 0.006);
  EXPECT_NEAR(histogram[2] / rows, 0.1839, 0.005);
}

TEST(RandomForest, OutOfBagNeedsBootstrap) {
  const TestTable table = random_table(10, 1, 2, 0, 1);
  EXPECT_ERROR(
      fit(table, {.bootstrap = false, .out_of_bag = true}), ErrorKind::kBadInput,
      StrEq("out_of_bag needs bootstrap: without it every tree sees every row; set bootstrap, or leave out_of_bag"));
}

TEST(RandomForest, OptionsAreDeclared) {
  ForestOptions options;
  const OptionList list = options_of(options);
  set_option(list, "num_trees", "30");
  set_option(list, "max_features", "4");
  EXPECT_EQ(options.num_trees, 30);
  EXPECT_EQ(options.max_features, 4);
  EXPECT_THROW(set_option(list, "num_trees", "0"), Error);
}

TEST(RandomForest, LargeTablesUseWidePositions) {
  // More rows than 16-bit positions serve; the trees must be those of a table of the same law.
  const TestTable table = random_table(70'000, 2, 2, 0, 14);
  RandomForest forest;
  ForestScratch scratch;
  ForestOptions options{.num_trees = 2};
  options.min_samples_leaf = 50;
  forest.fit(table.rows(0, 69'000), std::span(table.labels).first(69'000), 2, options, Rng(1), scratch);
  const double tested = accuracy(forest, table.rows(69'000, 1000), std::span(table.labels).subspan(69'000));
  EXPECT_GT(tested, 0.74);
  EXPECT_LT(tested, 0.85);
}

}  // namespace
}  // namespace manyshot::teacher
