// Tasks from real tables.
#include "corpus/table_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "corpus/sampler.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;

class TableTasksTest : public ::testing::Test {
 protected:
  // 60 rows: an index, a colour, a number that tells the colour, a flag, a name, a number with a gap.
  static std::string rows(int first, int count) {
    std::string text = ",colour,size,sold,name,weight\n";
    for (int row = first; row < first + count; ++row) {
      const int colour = row % 3;
      text += fmt::format("{},{},{},{},item {},{}\n", row, std::array{"red", "green", "blue"}[colour],
                          10 * colour + row % 7, row % 2 == 0 ? "yes" : "no", row,
                          row % 5 == 0 ? "" : std::to_string(row * 0.25));
    }
    return text;
  }
  std::string write(const std::string& name, const std::string& text) const {
    make_folder(std::filesystem::path(folder_ / name).parent_path().string());
    write_file(folder_ / name, text);
    return folder_ / name;
  }
  static const TableDraw kDraw;
  const TemporaryFolder folder_;
};
const TableDraw TableTasksTest::kDraw{.min_rows = 20, .max_rows = 40, .max_features = 10, .classes = {2, 4}};

TEST_F(TableTasksTest, AnyColumnButNamesDatesAndTheIndexIsATarget) {
  const TableTasks tables(write("a.csv", rows(0, 60)), {});
  EXPECT_EQ(tables.num_tables(), 1u);
  EXPECT_EQ(tables.num_rows(), 60u);
  std::map<int, int> class_counts;
  std::map<size_t, int> row_counts;
  for (uint64_t index = 0; index < 200; ++index) {
    prior::Task task;
    if (!tables.draw(Rng(1).child("task", index), kDraw, task)) continue;
    EXPECT_EQ(task.num_features(), 4u) << "the target is no feature, nor is the index";
    ASSERT_EQ(task.columns.size(), 4 * task.num_rows);
    std::set<int32_t> seen(task.labels.begin(), task.labels.end());
    EXPECT_EQ(seen.size(), static_cast<size_t>(task.num_classes));
    EXPECT_EQ(*seen.rbegin(), task.num_classes - 1);
    ++class_counts[task.num_classes];
    ++row_counts[task.num_rows == 40];
  }
  EXPECT_GT(class_counts[2], 40) << "sold, and numbers cut in two";
  EXPECT_GT(class_counts[3], 40) << "the colours";
  EXPECT_GT(class_counts[4], 5) << "numbers";
  EXPECT_EQ(class_counts.size(), 3u);
  EXPECT_GT(row_counts[true], 100);
  EXPECT_GT(row_counts[false], 20) << "rows without a weight are left out where that is the target";
}

// size = 10 * colour + 0..6, so the colour follows from the size wherever it is the target.
TEST_F(TableTasksTest, RowsStayTogether) {
  const TableTasks tables(
      write(
          "a.csv", "colour,size\n" +
                       [] {
                         std::string text;
                         for (int row = 0; row < 60; ++row)
                           text += fmt::format("{},{}\n", std::array{"a", "b", "c"}[row % 3], 10 * (row % 3) + row % 7);
                         return text;
                       }()),
      {});
  int num_colour = 0;
  for (uint64_t index = 0; index < 50; ++index) {
    prior::Task task;
    ASSERT_TRUE(tables.draw(Rng(3).child("task", index), kDraw, task));
    if (task.num_classes != 3) continue;
    std::map<int32_t, std::pair<float, float>> range;  // of the column, by class
    for (size_t row = 0; row < task.num_rows; ++row) {
      const float value = task.column(0)[row];
      const auto [found, is_new] = range.try_emplace(task.labels[row], value, value);
      found->second = {std::min(found->second.first, value), std::max(found->second.second, value)};
    }
    if (range[0].second < range[1].first && range[1].second < range[2].first) ++num_colour;
  }
  EXPECT_GT(num_colour, 15);
}

TEST_F(TableTasksTest, RowsOfEvaluationTablesAreLeftOut) {
  const std::string train = write("train/a.csv", rows(0, 60));
  write("train/b.csv", rows(1000, 30));
  // Ten of the rows, without the index, in other columns' order, as strings of another length.
  std::string shared = "weight,colour,sold,name,size\n";
  for (int row = 20; row < 30; ++row) {
    shared += fmt::format("{},{},{},item {},{}\n", row % 5 == 0 ? "" : fmt::format("{:.2f}", row * 0.25),
                          std::array{"red", "green", "blue"}[row % 3], row % 2 == 0 ? "yes" : "no", row,
                          10 * (row % 3) + row % 7);
  }
  const std::string evaluation = write("evaluation/e.csv", shared);
  const TableTasks tables(folder_ / "train", {evaluation});
  EXPECT_EQ(tables.num_left_out(), 10u);
  EXPECT_EQ(tables.num_rows(), 80u);
  EXPECT_EQ(TableTasks(folder_ / "train", {folder_ / "evaluation"}).num_left_out(), 10u) << "a folder of them";
  EXPECT_THAT(error_of([&] { TableTasks(train, {folder_ / "train"}); }).what(), HasSubstr("60 rows are left out"));
}

TEST_F(TableTasksTest, NothingToDrawFromIsAnError) {
  EXPECT_THAT(error_of([&] { TableTasks(folder_ / "none", {}); }).what(), HasSubstr("no such file or folder"));
  write("empty/readme.txt", "no table");
  EXPECT_THAT(error_of([&] { TableTasks(folder_ / "empty", {}); }).what(), HasSubstr("no .csv or .parquet file"));
  EXPECT_THAT(error_of([&] { TableTasks(write("one.csv", "a\n1\n2\n3\n"), {}); }).what(),
              HasSubstr("no table has a column to predict"));
  EXPECT_THAT(error_of([&] { TableTasks(write("constant.csv", "a,b\n1,x\n1,x\n1,x\n"), {}); }).what(),
              HasSubstr("no table has a column to predict"));
}

TEST_F(TableTasksTest, TheSamplerDrawsFromThem) {
  const auto tables = std::make_shared<const TableTasks>(write("a.csv", rows(0, 60)), std::vector<std::string>{});
  CorpusOptions options;
  options.shots = IntRange{8, 200};
  options.queries = 12;
  options.filter_tasks = false;
  options.prior.features = IntRange{2, 3};
  const Sampler sampler(options, nullptr, {}, SampleContent::kPrompt, tables);
  SamplerScratch scratch;
  size_t num_kept = 0;
  uint32_t most_shots = 0;
  for (uint64_t index = 0; index < 100; ++index) {
    const Sample sample = sampler.draw(index, scratch);
    if (sample.status != SampleStatus::kKept) continue;
    ++num_kept;
    EXPECT_LE(sample.num_features, 3u);
    EXPECT_LE(sample.num_labelled + sample.num_queries, 60u);
    most_shots = std::max(most_shots, sample.num_labelled);
    EXPECT_THAT(sample.user_text, HasSubstr("[Training set]"));
    EXPECT_EQ(sampler.draw(index, scratch).user_text, sample.user_text);
  }
  EXPECT_GT(num_kept, 60u);
  EXPECT_GT(most_shots, 40u);
  EXPECT_LE(most_shots, 48u) << "the table has 60 rows, 12 are queries";
  options.shots = IntRange{60, 200};
  EXPECT_THAT(error_of([&] { Sampler(options, nullptr, {}, SampleContent::kPrompt, tables); }).what(),
              HasSubstr("60:200 shots need tables of"));
}

}  // namespace
}  // namespace manyshot
