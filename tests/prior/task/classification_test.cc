#include "prior/task/classification.h"

#include <set>

#include "prior/testing.h"

namespace manyshot::prior {
namespace {

TEST(Classification, ThresholdsCountStrictlyBelow) {
  // 0, 1, …, 99 repeated: by rank the cut is one of the values, and that value stays below its own threshold.
  std::vector<float> y(1000);
  for (size_t row = 0; row < y.size(); ++row) y[row] = static_cast<float>(row % 100);
  std::vector<int32_t> labels;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Notes notes;
    const int k = threshold_labels(y.data(), y.size(), {2, true}, Rng(seed), labels, &notes);
    size_t changes = 0;
    for (size_t row = 1; row < 100; ++row) changes += labels[row] != labels[row - 1] ? 1 : 0;
    EXPECT_EQ(changes, static_cast<size_t>(k - 1));
    for (size_t row = 100; row < y.size(); ++row) EXPECT_EQ(labels[row], labels[row % 100]);
  }
  y[4] = NAN;
  EXPECT_EQ(threshold_labels(y.data(), y.size(), {3, false}, Rng(1), labels, nullptr), 0);
}

TEST(Classification, RowOrdersCoverTheClasses) {
  std::vector<int32_t> labels(100, 0);
  EXPECT_EQ(order_rows(labels, 1, 50, Rng(1)).rejection, Rejection::kConstantLabels);
  labels[99] = 1;  // one row cannot stand on both sides
  EXPECT_EQ(order_rows(labels, 2, 50, Rng(1)).rejection, Rejection::kClassCoverage);
  for (size_t row = 80; row < 100; ++row) labels[row] = 1;
  const RowOrder found = order_rows(labels, 2, 50, Rng(1));
  ASSERT_FALSE(found.rejection.has_value());
  ASSERT_EQ(found.order.size(), 100u);
  std::set<int32_t> before, behind;
  for (size_t place = 0; place < 100; ++place) (place < 50 ? before : behind).insert(labels[found.order[place]]);
  EXPECT_EQ(before.size(), 2u);
  EXPECT_EQ(behind.size(), 2u);
  EXPECT_EQ(std::set<uint32_t>(found.order.begin(), found.order.end()).size(), 100u);
  for (size_t row = 0; row < 100; ++row) labels[row] = static_cast<int32_t>(row % 2);
  EXPECT_TRUE(order_rows(labels, 2, 50, Rng(1)).order.empty());
}

TEST(Classification, ColumnsAreClampedStandardisedAndDropped) {
  NodeMatrix x;
  x.reshape(3, 1000);
  for (size_t row = 0; row < 1000; ++row) {
    x.node(0)[row] = row == 0 ? 1e6f : static_cast<float>(row % 10);
    x.node(1)[row] = 5;
    x.node(2)[row] = row % 2 == 0 ? NAN : static_cast<float>(row);
  }
  std::vector<ColumnInfo> info(3);
  info[2].missing = true;
  Task task;
  ASSERT_FALSE(finish_columns(x, info, {}, Rng(1), task, true, nullptr).has_value());
  ASSERT_EQ(task.num_features(), 2u);
  const size_t first = task.info[0].missing ? 1 : 0;
  // Without the outlier: mean 4.5, deviation 2.87; so it moves to about 4.5 + 4 * 2.87 = 16.
  EXPECT_NEAR(task.column(first)[0] * task.info[first].scale + task.info[first].offset, 4.5 + 4 * 2.8737, 0.03);
  EXPECT_TRUE(std::isnan(task.column(1 - first)[4]));
  EXPECT_NEAR(task.column(1 - first)[5] * task.info[1 - first].scale + task.info[1 - first].offset, 5, 1e-3);
  for (size_t row = 0; row < 1000; ++row) x.node(0)[row] = x.node(1)[row] = x.node(2)[row] = 3;
  info.assign(3, {});
  EXPECT_EQ(finish_columns(x, info, {}, Rng(1), task, true, nullptr), Rejection::kNoColumns);
}

}  // namespace
}  // namespace manyshot::prior
