// The public evaluation tables, when they are there: each one reads, with the counts of their index.
#include <filesystem>
#include <map>

#include "support/source_path.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

// Features that are not numbers.
uint64_t num_strings(const Schema& schema, const std::string& target) {
  uint64_t count = 0;
  for (const ColumnSchema& column : schema.columns) {
    count += column.name != target && !column.examples.empty() && column.type != ColumnType::kNumeric;
  }
  return count;
}

// Where our rules differ from those of the index (pandas), and what they give.
struct Difference {
  uint64_t strings, missing;
};
const std::map<std::string, Difference> kDifferences = {
    {"online_shoppers",
     {.strings = 3, .missing = 0}},  // one column of True and False, which pandas does not count as text
    {"ozone_level", {.strings = 0, .missing = 8557}},  // "?" is a missing number, which pandas reads as text
};

TEST(RealTables, AgreeWithTheirIndex) {
  const std::string folder = test_environment("MANYSHOT_SHARED_DIR") + "/tables";
  if (!std::filesystem::exists(folder + "/index.csv")) GTEST_SKIP() << "no tables at MANYSHOT_SHARED_DIR/tables";

  const Cells index = cells_of(TableFile::open(folder + "/index.csv"));
  EXPECT_EQ(index.size(), 42u);
  for (const auto& entry : index) {
    SCOPED_TRACE(entry[0]);
    const std::string& target = entry[4];
    const std::vector<std::string> labels = {target};
    const TableFile file = TableFile::open(folder + "/" + entry[0] + ".csv");
    const Schema schema = infer_schema(file, labels);
    uint64_t missing = 0;
    for (const ColumnSchema& column : schema.columns) missing += column.missing;
    const ColumnSchema& label = schema.columns.at(file.column_index(target));

    EXPECT_EQ(schema.num_rows, std::stoull(entry[1]));
    EXPECT_EQ(schema.columns.size(), std::stoull(entry[2]) + 1);
    EXPECT_EQ(label.categories.size(), std::stoull(entry[3]));
    const auto difference = kDifferences.find(entry[0]);
    const Difference expected = difference != kDifferences.end()
                                    ? difference->second
                                    : Difference{std::stoull(entry[5]), std::stoull(entry[7])};
    EXPECT_EQ(num_strings(schema, target), expected.strings);
    EXPECT_EQ(missing, expected.missing);
  }
}

}  // namespace
}  // namespace manyshot::testing
