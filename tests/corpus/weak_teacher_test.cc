// Teachers that are worse than the judge: their shares are shares, and less right.
#include "corpus/weak_teacher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "teacher/random_forest.h"

namespace manyshot {
namespace {

// Three classes by the sum of two columns of six; a cell in twenty is missing.
struct Drawn {
  static constexpr size_t kLabelled = 120, kRows = 200, kFeatures = 6;
  std::vector<float> cells;
  std::vector<int32_t> labels;

  explicit Drawn(const Rng& rng) : cells(kRows * kFeatures) {
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<float>(rng.normal(i));
    for (size_t row = 0; row < kRows; ++row) {
      const float sum = cells[row] + cells[kRows + row];
      labels.push_back(sum < -0.6F ? 0 : sum < 0.6F ? 1 : 2);
    }
    for (size_t i = 0; i < cells.size(); i += 20) cells[i] = NAN;
  }
  teacher::FilterTask task() const {
    const teacher::ColumnsView columns{cells.data(), kRows, kFeatures, kRows};
    const std::span<const int32_t> all = labels;
    return {.labelled = columns.rows(0, kLabelled),
            .labels = all.first(kLabelled),
            .queries = columns.rows(kLabelled, kRows - kLabelled),
            .query_labels = all.subspan(kLabelled),
            .num_classes = 3,
            .out_of_bag = true};
  }
};

// The mean of -log of the true class' share, over rows that have shares.
double log_loss(const std::vector<double>& shares, std::span<const int32_t> labels) {
  double sum = 0, rows = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const double* of_row = &shares[3 * row];
    if (std::isnan(of_row[0])) continue;
    EXPECT_NEAR(of_row[0] + of_row[1] + of_row[2], 1, 1e-12);
    sum -= std::log(std::max(of_row[labels[row]], 0.01));
    ++rows;
  }
  EXPECT_GT(rows, 0.6 * static_cast<double>(labels.size()));
  return sum / rows;
}

TEST(WeakTeacher, IsWorseThanTheJudgeOnLabelledRowsAndQueries) {
  double judge_labelled = 0, judge_queries = 0, weak_labelled = 0, weak_queries = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Drawn drawn{Rng(seed)};
    const teacher::FilterTask task = drawn.task();
    teacher::FilterScratch scratch;
    teacher::TaskFilter().check(task, Rng(seed).child("judge"), scratch);
    const TeacherShares judge = shares_of_judge(scratch);
    const TeacherShares weak = shares_of_weak_teacher(task, 30, Rng(seed), scratch);
    ASSERT_EQ(weak.labelled.size(), 3 * task.labels.size());
    ASSERT_EQ(weak.queries.size(), 3 * task.query_labels.size());
    judge_labelled += log_loss(judge.labelled, task.labels);
    judge_queries += log_loss(judge.queries, task.query_labels);
    weak_labelled += log_loss(weak.labelled, task.labels);
    weak_queries += log_loss(weak.queries, task.query_labels);
  }
  EXPECT_GT(weak_labelled, judge_labelled + 2);
  EXPECT_GT(weak_queries, judge_queries + 2);
}

TEST(WeakTeacher, IsAFunctionOfItsArguments) {
  const Drawn drawn{Rng(3)};
  teacher::FilterScratch fresh, used;
  shares_of_weak_teacher(Drawn{Rng(4)}.task(), 30, Rng(9), used);
  const TeacherShares one = shares_of_weak_teacher(drawn.task(), 2, Rng(5), fresh);
  const TeacherShares two = shares_of_weak_teacher(drawn.task(), 2, Rng(5), used);
  EXPECT_EQ(one.queries, two.queries);
  for (size_t i = 0; i < one.labelled.size(); ++i) {
    EXPECT_TRUE(one.labelled[i] == two.labelled[i] || (std::isnan(one.labelled[i]) && std::isnan(two.labelled[i])));
  }
}

}  // namespace
}  // namespace manyshot
