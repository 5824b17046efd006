#include "evaluate/protocol/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace manyshot {
namespace {

using ::testing::ElementsAre;

// 300 rows, columns a to e; every tenth row is of class 1.
EvaluationTable table_of_300() {
  EvaluationTable table{.name = "t", .classes = {"0", "1"}};
  table.features.num_rows = 300;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    table.features.columns.push_back({.name = name, .numbers = std::vector<double>(300)});
  }
  for (int row = 0; row < 300; ++row) table.labels.push_back(row % 10 == 0 ? 1 : 0);
  return table;
}

std::vector<uint32_t> first(const std::vector<uint32_t>& rows, size_t count) {
  return {rows.begin(), rows.begin() + static_cast<ptrdiff_t>(count)};
}

// The rows that pandas and scikit-learn give: tools/parity/evaluate_parity.py splits.
TEST(Protocol, PaperSplitsRowForRow) {
  const EvaluationTable table = table_of_300();
  const TrainTestSplit split = train_test_split(300);
  ASSERT_EQ(split.test.size(), 60u);
  EXPECT_THAT(first(split.test, 6), ElementsAre(203, 266, 152, 9, 233, 226));
  EXPECT_THAT(first(split.train, 5), ElementsAre(232, 59, 6, 185, 173));
  const TaskPlan plan = plan_task(table, split, {}, 8, 40);
  EXPECT_THAT(plan.columns, ElementsAre(2, 1, 4, 0, 3));
  ASSERT_EQ(plan.contexts.size(), 2u);
  EXPECT_EQ(plan.contexts[0].queries.size(), 50u);
  EXPECT_EQ(plan.contexts[1].queries.size(), 10u);
  EXPECT_THAT(first(plan.contexts[1].queries, 4), ElementsAre(180, 144, 239, 75));
  EXPECT_THAT(plan.contexts[0].shots, ElementsAre(127, 22, 158, 28, 79, 291, 51, 299));
  EXPECT_THAT(plan.contexts[1].shots, ElementsAre(122, 177, 32, 91, 128, 84, 199, 267));
}

TEST(Protocol, TestPartIsRoundedUp) {
  EXPECT_EQ(train_test_split(23).test.size(), 5u);
  EXPECT_EQ(train_test_split(25).test.size(), 5u);
  EXPECT_EQ(train_test_split(26).test.size(), 6u);
}

TEST(Protocol, MaxQueriesKeepsTheFirstContexts) {
  const EvaluationTable table = table_of_300();
  const TrainTestSplit split = train_test_split(300);
  const TaskPlan all = plan_task(table, split, {}, 16, 41), few = plan_task(table, split, {.max_queries = 30}, 16, 41);
  ASSERT_EQ(few.contexts.size(), 1u);
  EXPECT_EQ(few.contexts[0].queries, first(all.contexts[0].queries, 30));
  EXPECT_EQ(few.contexts[0].shots, all.contexts[0].shots);
}

TEST(Protocol, FixedDrawsOnceAndStratified) {
  const EvaluationTable table = table_of_300();
  const TrainTestSplit split = train_test_split(300);
  const ProtocolOptions options{.kind = Protocol::kFixed, .select = Selection::kStratified};
  const TaskPlan plan = plan_task(table, split, options, 20, 5);
  ASSERT_EQ(plan.contexts.size(), 1u);
  EXPECT_EQ(plan.contexts[0].queries, split.test);
  EXPECT_THAT(plan.columns, ElementsAre(0, 1, 2, 3, 4));
  const std::set<uint32_t> train(split.train.begin(), split.train.end());
  int rare = 0;
  for (const uint32_t row : plan.contexts[0].shots) {
    EXPECT_TRUE(train.contains(row));
    rare += table.labels[row];
  }
  EXPECT_EQ(plan.contexts[0].shots.size(), 20u);
  EXPECT_EQ(rare, 2);
  EXPECT_EQ(plan_task(table, split, options, 20, 5).contexts[0].shots, plan.contexts[0].shots);
  EXPECT_NE(plan_task(table, split, options, 20, 6).contexts[0].shots, plan.contexts[0].shots);
}

}  // namespace
}  // namespace manyshot
