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
               "rows: row 1, column \"x\": expected text, a number, true, false or null, found [2]");
  EXPECT_ERROR(schema_of("[5]", JsonText::kAsText), ErrorKind::kBadInput, "rows: row 0 is no object");
  EXPECT_ERROR(schema_of("[]", JsonText::kAsText), ErrorKind::kBadInput, "rows: there are no rows with a column");
  EXPECT_ERROR(schema_of("[{}, {}]", JsonText::kAsText), ErrorKind::kBadInput, "there are no rows with a column");
}

}  // namespace
}  // namespace manyshot
