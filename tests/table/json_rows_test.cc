#include "table/json_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error.h"
#include "table/schema.h"

namespace manyshot {
namespace {

Schema schema_of(const char* json, JsonText text) {
  const Json rows = Json::parse(json);
  const auto table =
      std::make_shared<const TextTable>(read_json_rows(std::vector<Json>(rows.begin(), rows.end()), text, "rows"));
  return infer_schema(TableFile::from_text(table, "rows"));
}

TEST(JsonRows, AreTypedAsTablesAre) {
  const Schema schema = schema_of(R"([{"x": 1, "flag": true, "word": "a"}, {"word": "b", "x": 2.5, "late": null},
                                      {"flag": false, "x": null, "late": 1e-3}])",
                                  JsonText::kAsText);
  ASSERT_EQ(schema.columns.size(), 4u);
  EXPECT_EQ(schema.num_rows, 3u);
  EXPECT_EQ(schema.columns[0].name, "x");
  EXPECT_EQ(schema.columns[0].type, ColumnType::kNumeric);
  EXPECT_EQ(schema.columns[0].maximum, 2.5);
  EXPECT_EQ(schema.columns[0].missing, 1u);
  EXPECT_EQ(schema.columns[1].type, ColumnType::kBoolean);
  EXPECT_EQ(schema.columns[2].type, ColumnType::kCategorical);
  EXPECT_EQ(schema.columns[2].missing, 1u);
  EXPECT_EQ(schema.columns[3].name, "late");
  EXPECT_EQ(schema.columns[3].minimum, 0.001);
  EXPECT_EQ(schema.columns[3].missing, 2u);
}

TEST(JsonRows, TextIsReadAsInFilesOrStaysText) {
  const char* const rows = R"([{"x": "1"}, {"x": "2"}, {"x": "10"}])";
  EXPECT_EQ(schema_of(rows, JsonText::kAsInFiles).columns[0].type, ColumnType::kNumeric);
  EXPECT_EQ(schema_of(rows, JsonText::kAsText).columns[0].type, ColumnType::kCategorical);
  EXPECT_EQ(schema_of(R"([{"x": "1"}, {"x": 2}])", JsonText::kAsText).columns[0].type, ColumnType::kNumeric);
}

TEST(JsonRows, SaysWhatIsNoCell) {
  EXPECT_ERROR(schema_of(R"([{"x": 1}, {"x": [2]}])", JsonText::kAsText), ErrorKind::kBadInput,
               "rows: row 1 (counted from 0), column \"x\": expected a text, a number, true, false or null, found [2]");
  EXPECT_ERROR(schema_of("[5]", JsonText::kAsText), ErrorKind::kBadInput,
               "rows: row 0 (counted from 0): expected an object");
  EXPECT_ERROR(schema_of("[]", JsonText::kAsText), ErrorKind::kBadInput, "rows: there are no rows with a column");
  EXPECT_ERROR(schema_of("[{}, {}]", JsonText::kAsText), ErrorKind::kBadInput, "there are no rows with a column");
}

// A message of a megabyte could otherwise ask for terabytes.
TEST(JsonRows, TablesOfNothingButGapsAreRefused) {
  std::vector<Json> rows;
  for (int row = 0; row < 15'000; ++row) rows.push_back({{"column" + std::to_string(row), row}});
  EXPECT_ERROR(read_json_rows(rows, JsonText::kAsInFiles, "rows"), ErrorKind::kBadInput,
               "nearly all cells are missing");
  rows.resize(500);
  EXPECT_EQ(read_json_rows(rows, JsonText::kAsInFiles, "rows").columns.size(), 500u);
  Json wide = Json::object();
  for (int column = 0; column < 20'001; ++column) wide["c" + std::to_string(column)] = 1;
  EXPECT_ERROR(read_json_rows(std::vector{wide}, JsonText::kAsInFiles, "rows"), ErrorKind::kBadInput,
               "more than 20000 columns");
}

TEST(JsonCells, AreInTheOrderOfTheColumns) {
  const std::vector<std::string> columns{"a", "b"};
  const TextTable table = read_json_cells(columns, std::vector<Json>{{1, "x"}, {nullptr, " "}}, "rows");
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[0].missing, (std::vector<bool>{false, true}));
  EXPECT_EQ(table.columns[1].missing, (std::vector<bool>{false, true}));
  EXPECT_ERROR(read_json_cells(columns, std::vector<Json>{Json::array({1})}, "rows"), ErrorKind::kBadInput,
               "row 0 (counted from 0) has 1 cells, and there are 2 columns");
}

}  // namespace
}  // namespace manyshot
