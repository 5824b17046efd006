#include "predict/tree_teachers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "core/parallel.h"
#include "predict/testing.h"
#include "support/error.h"

namespace manyshot {
namespace {

using testing::clouds;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::numbers;
using testing::tones;

constexpr double kSeconds = 20;
const std::vector<TreeKind> kBoth{TreeKind::kForest, TreeKind::kXgboost};

// Share of the rows whose likeliest class is their own.
double accuracy(const std::vector<double>& shares, const LabelledTable& table) {
  double correct = 0;
  for (size_t row = 0; row < table.labels.size(); ++row) {
    const auto begin = shares.begin() + static_cast<ptrdiff_t>(row * table.num_classes());
    const auto likeliest = std::max_element(begin, begin + static_cast<ptrdiff_t>(table.num_classes())) - begin;
    correct += likeliest == table.labels[row];
  }
  return correct / static_cast<double>(table.labels.size());
}

std::vector<uint64_t> all_rows(const LabelledTable& table) {
  std::vector<uint64_t> rows(table.labels.size());
  std::iota(rows.begin(), rows.end(), uint64_t{0});
  return rows;
}

// Columns that say nothing of the labels.
LabelledTable noise(size_t num_rows, uint64_t seed) {
  LabelledTable table = clouds(num_rows, 3, 0, seed);
  for (size_t row = 0; row < num_rows; ++row) table.labels[row] = Rng(seed).child("label").bernoulli(row, 0.5) ? 1 : 0;
  return table;
}

TEST(TreeTeachers, ALabelledRowsOwnLabelIsHidden) {
  const LabelledTable shots = noise(300, 1);
  const TreeTeachers teachers(shots, kBoth, kSeconds, 0);
  const auto ordinary = teachers.predict(shots.features);
  for (size_t i = 0; i < kBoth.size(); ++i) {
    EXPECT_GT(accuracy(ordinary[i], shots), 0.9) << "trees know the rows that they were fitted to";
    EXPECT_LT(accuracy(teachers.honest(kBoth[i]), shots), 0.65);
  }
}

TEST(TreeTeachers, SharesTellCloudsApartAndSumToOne) {
  const LabelledTable shots = clouds(200, 2, 2, 1), others = clouds(400, 2, 2, 2);
  const TreeTeachers teachers(shots, kBoth, kSeconds, 0);
  const auto shares = teachers.predict(others.features);
  for (size_t i = 0; i < kBoth.size(); ++i) {
    EXPECT_GT(accuracy(shares[i], others), 0.85);
    EXPECT_GT(accuracy(teachers.honest(kBoth[i]), shots), 0.85);
    for (size_t row = 0; row < shots.labels.size(); ++row) {
      ASSERT_NEAR(teachers.honest(kBoth[i])[2 * row] + teachers.honest(kBoth[i])[2 * row + 1], 1, 1e-6);
    }
  }
  EXPECT_THAT(teachers.notes(), IsEmpty());
}

void expect_same_bits_at_any_number_of_threads(const LabelledTable& shots, const LabelledTable& queries) {
  std::map<int, std::vector<std::vector<double>>> results;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    const TreeTeachers teachers(shots, kBoth, kSeconds, 7);
    results[threads] = teachers.predict(queries.features);
    for (const TreeKind kind : kBoth) results[threads].push_back(teachers.honest(kind));
  }
  set_num_threads(0);
  EXPECT_EQ(results[1], results[2]);
  EXPECT_EQ(results[1], results[5]);
  EXPECT_NE(TreeTeachers(shots, kBoth, kSeconds, 8).honest(TreeKind::kXgboost), results[1][3]);
}

TEST(TreeTeachers, TheSameBitsAtAnyNumberOfThreads) {
  expect_same_bits_at_any_number_of_threads(clouds(150, 3, 1, 4), clouds(40, 3, 1, 5));
  expect_same_bits_at_any_number_of_threads(tones(150, 4), tones(40, 5));
}

TEST(TreeTeachers, ACategoryInOneFoldAloneIsNoTrouble) {
  LabelledTable shots = tones(60, 6);
  Column& tone = shots.features.columns[0];
  for (int32_t rare = 0; rare < 3; ++rare) {
    tone.codes[static_cast<size_t>(rare)] = static_cast<int32_t>(tone.categories.size());
    tone.categories.push_back(std::string(1, "0mz"[rare]));
  }
  const TreeTeachers teachers(shots, kBoth, kSeconds, 0);
  EXPECT_GT(accuracy(teachers.honest(TreeKind::kXgboost), shots), 0.7);
  for (size_t row = 0; row < 3; ++row) {
    const double share = teachers.honest(TreeKind::kXgboost)[2 * row];
    EXPECT_TRUE(share > 0 && share < 1) << share;
  }
}

TEST(TreeTeachers, TeachAddsOneColumnForTwoClassesElseOneForEach) {
  LabelledTable shots = clouds(60, 2, 1, 1);
  const TreeTeachers two(shots, kBoth, kSeconds, 0);
  const LabelledTable taught = two.teach(shots, kBoth, all_rows(shots));
  ASSERT_EQ(taught.features.columns.size(), 4u);
  EXPECT_EQ(taught.features.columns[2].name, "forest: b");
  EXPECT_EQ(taught.features.columns[3].name, "xgboost: b");
  EXPECT_EQ(taught.labels, shots.labels);
  for (size_t row = 0; row < 60; ++row) {
    const double share = taught.features.columns[2].numbers[row];
    EXPECT_NEAR(share, two.honest(TreeKind::kForest)[2 * row + 1], 0.0005);
    EXPECT_NEAR(share * 1000, std::round(share * 1000), 1e-9);
  }
  shots.classes = {"a", "b", "c"};
  shots.labels[0] = 2;
  const TreeTeachers three(shots, {TreeKind::kForest}, kSeconds, 0);
  EXPECT_EQ(three.teach(shots, {TreeKind::kForest}, all_rows(shots)).features.columns.size(), 5u);
  const Table queries = clouds(5, 2, 1, 9).features;
  EXPECT_EQ(three.teach(queries, {TreeKind::kForest}, three.predict(queries)).columns.size(), 5u);
}

TEST(TreeTeachers, AClassWithOneRowAndFoldsOfOneClassAreNoTrouble) {
  LabelledTable shots{
      .features = numbers({{1, 2, 3, 4, 5, 6, 7}}), .labels = {0, 0, 0, 0, 0, 0, 1}, .classes = {"a", "b"}};
  for (const size_t rows : {2, 3, 7}) {
    std::vector<uint64_t> last;
    for (size_t row = 7 - rows; row < 7; ++row) last.push_back(row);
    const TreeTeachers teachers(shots.at(last), kBoth, kSeconds, 0);
    for (const TreeKind kind : kBoth) {
      ASSERT_EQ(teachers.honest(kind).size(), rows * 2);
      for (const double share : teachers.honest(kind)) EXPECT_TRUE(share >= 0 && share <= 1) << share;
    }
  }
}

TEST(TreeTeachers, AllConstantColumnsAreAnError) {
  LabelledTable shots{.features = numbers({{1, 1, 1, 1}}), .labels = {0, 1, 0, 1}, .classes = {"a", "b"}};
  EXPECT_ERROR(TreeTeachers(shots, kBoth, kSeconds, 0), ErrorKind::kBadInput, "");
}

TEST(TreeTeachers, PlansFitTheTimeAndDependOnSizesOnly) {
  EXPECT_EQ(plan_forest(500, 20, 10).num_trees, 200);
  EXPECT_EQ(plan_forest(500, 20, 10).num_rows, 500u);
  EXPECT_LT(plan_forest(200'000, 50, 2).num_trees, 200);
  const ForestPlan long_table = plan_forest(5'000'000, 50, 2);
  EXPECT_EQ(long_table.num_trees, 50);
  EXPECT_LT(long_table.num_rows, 1'000'000u);
  EXPECT_EQ(plan_boosting(500, 20, 2, 10).num_folds, 5);
  EXPECT_EQ(plan_boosting(3, 20, 2, 10).num_folds, 3);
  EXPECT_EQ(plan_boosting(500, 20, 2, 10).num_rounds, 75);
  EXPECT_EQ(plan_boosting(5000, 20, 2, 10).num_rounds, 150);
  const BoostingPlan wide = plan_boosting(200'000, 50, 10, 2);
  EXPECT_EQ(wide.num_folds, 2);
  EXPECT_LT(wide.num_rounds, 150);
  EXPECT_LT(wide.num_rows, 200'000u);
  EXPECT_NEAR(wide.num_rounds * wide.learning_rate, 15, 3) << "fewer rounds take longer steps";
}

TEST(TreeTeachers, RowsThatAreLeftOutAreSaidAndStillHaveShares) {
  const LabelledTable shots = clouds(4000, 20, 1, 3);
  const TreeTeachers teachers(shots, kBoth, 0.1, 0);
  ASSERT_EQ(teachers.notes().size(), 2u);
  EXPECT_THAT(teachers.notes(), Each(HasSubstr("of the 4,000 labelled rows; a larger --teacher-seconds allows more")));
  for (const TreeKind kind : kBoth) {
    EXPECT_GT(accuracy(teachers.honest(kind), shots), 0.9);
    for (size_t row = 0; row < 4000; ++row)
      ASSERT_NEAR(teachers.honest(kind)[2 * row] + teachers.honest(kind)[2 * row + 1], 1, 1e-6);
  }
}

}  // namespace
}  // namespace manyshot
