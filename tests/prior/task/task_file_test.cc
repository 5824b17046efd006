#include "prior/task/task_file.h"

#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "prior/prior.h"
#include "prior/task/task_table.h"
#include "prior/testing.h"
#include "support/temporary_folder.h"

namespace manyshot::prior {
namespace {

std::vector<std::vector<std::string>> cells_of(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    rows.push_back(cells);
  }
  return rows;
}

TEST(TaskFile, LevelNames) {
  EXPECT_EQ(level_text(0), "a");
  EXPECT_EQ(level_text(25), "z");
  EXPECT_EQ(level_text(26), "aa");
  EXPECT_EQ(level_text(27 * 26), "aaa");
}

TEST(TaskFile, CellsAreTheColumnsBeforeStandardising) {
  PriorOptions options;
  options.prior = "mix:1,graph:1,forest:1,effects:1";
  options.rows = IntRange{300, 300};
  options.missing = 0.6;
  options.number_share = 0.3;
  const Prior prior(options);
  PriorScratch scratch;
  const TemporaryFolder folder;
  const std::string path = folder / "task.csv";
  std::set<ColumnKind> texts, numbers;
  int targets = 0;
  for (uint64_t index = 0; index < 80; ++index) {
    const Task task = prior.draw(index, scratch);
    write_task(task, path);
    const auto rows = cells_of(path);
    ASSERT_EQ(rows.size(), 301u);
    for (size_t feature = 0; feature < task.num_features(); ++feature) {
      const auto column = task.column(feature);
      const ColumnInfo& info = task.info[feature];
      const bool letters = std::any_of(rows.begin() + 1, rows.end(), [&](const auto& row) {
        return !row[feature].empty() && std::isalpha(row[feature][0]);
      });
      (letters ? texts : numbers).insert(info.kind);
      std::map<std::string, float> values;
      for (size_t row = 0; row < 300; ++row) {
        const std::string& cell = rows[row + 1][feature];
        ASSERT_EQ(cell.empty(), column[row] != column[row]);
        if (cell.empty()) continue;
        // The same text means the same value, near enough.
        const auto [known, is_new] = values.emplace(cell, column[row]);
        ASSERT_NEAR(known->second, column[row], 2e-4) << cell;
        if (!letters) {
          ASSERT_NEAR((std::stod(cell) - info.offset) / info.scale, column[row],
                      2e-4 * std::max(1.0f, std::abs(column[row])));
        }
      }
      ASSERT_GE(values.size(), 2u) << "task " << index << " column " << feature;
    }
    if (task.target_kind == TargetKind::kClass) {
      ASSERT_EQ(rows[0].back(), "label");
      for (size_t row = 0; row < 300; ++row) ASSERT_EQ(rows[row + 1].back(), std::to_string(task.labels[row]));
    } else {
      ++targets;
      ASSERT_EQ(rows[0].back(), "target");
      const ColumnInfo& info = task.target_info;
      for (size_t row = 0; row < 300; ++row) {
        const std::string& cell = rows[row + 1].back();
        if (info.kind == ColumnKind::kInteger) {
          ASSERT_EQ(cell.find_first_not_of("0123456789"), std::string::npos);
        }
        ASSERT_NEAR((std::stod(cell) - info.offset) / info.scale, task.target_values[row],
                    2e-4 * std::max(1.0f, std::abs(task.target_values[row])));
      }
    }
  }
  EXPECT_TRUE(texts.contains(ColumnKind::kCategorical));
  EXPECT_TRUE(numbers.contains(ColumnKind::kNumeric) && numbers.contains(ColumnKind::kInteger) &&
              numbers.contains(ColumnKind::kOrdinal));
  EXPECT_FALSE(texts.contains(ColumnKind::kOrdinal));
  EXPECT_GT(targets, 10);
}

TEST(TaskFile, FactsCountWhatTheTableHolds) {
  PriorOptions options;
  options.prior = "graph";
  options.rows = IntRange{200, 200};
  options.missing = 1;
  PriorScratch scratch;
  const Task task = Prior(options).draw(3, scratch);
  const Json facts = task_facts(task);
  int columns = 0, rows = 0;
  for (const auto& [kind, count] : facts["kinds"].items()) columns += count.get<int>();
  for (const Json& count : facts["class_counts"]) rows += count.get<int>();
  EXPECT_EQ(columns, static_cast<int>(task.num_features()));
  EXPECT_EQ(rows, 200);
  EXPECT_GT(facts["missing_cells"], 0);
}

TEST(TaskFile, FactsOfNumbersSayWhatTheyWere) {
  PriorOptions options;
  options.prior = "effects";
  options.rows = IntRange{200, 200};
  options.number_share = 1;
  PriorScratch scratch;
  const Task task = Prior(options).draw(3, scratch);
  const Json facts = task_facts(task);
  EXPECT_FALSE(facts.contains("classes"));
  EXPECT_FALSE(facts.contains("class_counts"));
  EXPECT_EQ(facts["target"]["kind"], name_of(task.target_info.kind));
  EXPECT_EQ(facts["target"]["scale"], task.target_info.scale);
}

}  // namespace
}  // namespace manyshot::prior
