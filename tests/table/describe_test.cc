#include "table/describe.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const char* const kTable =
    "age,城市,member,joined,comment,joined us\n"
    "31,北京,yes,2024-01-31,first,1/2/2020\n"
    "27,上海,no,2023-05-05,second,2/3/2020\n"
    ",北京,no,2022-05-05,third,3/4/2020\n"
    "45,北京,no,2022-05-05,fourth,3/4/2020\n"
    "30,上海,no,,fifth,3/4/2020\n"
    "31,北京,no,2022-05-05,\"a very long comment, much longer than fits\",3/4/2020\n";

TEST(Describe, ForPeople) {
  const TableFile file = table_of(kTable);
  EXPECT_EQ(describe_table(file, infer_schema(file)),
            "t.csv: CSV, comma, UTF-8; 6 rows, 6 columns\n"
            "\n"
            "  column     type           missing  distinct  values\n"
            "  age        numeric              1         4  27 … 45, mean 32.8\n"
            "  城市       categorical          0         2  \"上海\", \"北京\"\n"
            "  member     boolean              0         2  16.7 % true\n"
            "  joined     date                 1         3  2022-05-05 … 2024-01-31\n"
            "  comment    text                 0         6  \"first\", \"second\", \"third\", …\n"
            "  joined us  date                 0         3  2020-01-02 … 2020-03-04\n"
            "\n"
            "note: \"joined us\": dates such as \"1/2/2020\" are read as month/day/year; nothing in the column tells "
            "(write YYYY-MM-DD to be sure)\n");
}

TEST(Describe, Notes) {
  std::string text = "a;a;d\n";
  for (int row = 0; row < 20; ++row) text += "1,5;2;\n";
  const TableFile file = table_of(text + "x;2;\n");
  const std::string shown = describe_table(file, infer_schema(file));
  EXPECT_THAT(shown, HasSubstr("note: repeated column names are called \"a_2\"\n"));
  EXPECT_THAT(shown, HasSubstr("note: \"a\": numbers are read with a decimal comma\n"));
  EXPECT_THAT(
      shown,
      HasSubstr("note: \"a\": 1 cell cannot be used as a number and counts as missing, first \"x\" in row 20 (counted "
                "from 0)\n"));
  EXPECT_THAT(shown, HasSubstr("no values"));
}

TEST(Describe, WideTablesAreCut) {
  std::string header = "c0", row = "1";
  for (int i = 1; i < 200; ++i) {
    header += fmt::format(",c{}", i);
    row += ",1";
  }
  const TableFile file = table_of(header + "\n" + row + "\n");
  const Schema schema = infer_schema(file);
  const std::string shown = describe_table(file, schema);
  EXPECT_THAT(shown, HasSubstr("  c49 "));
  EXPECT_THAT(shown, Not(HasSubstr("  c50 ")));
  EXPECT_THAT(shown, HasSubstr("  … and 150 more columns\n"));
  EXPECT_EQ(table_to_json(file, schema)["columns"].size(), 200u);
}

TEST(Describe, ForPrograms) {
  const TableFile file = table_of(kTable);
  const Json json = table_to_json(file, infer_schema(file));
  EXPECT_EQ(json["path"], "t.csv");
  EXPECT_EQ(json["format"], "CSV, comma, UTF-8");
  EXPECT_EQ(json["rows"], 6);
  EXPECT_EQ(json["notes"].size(), 1u);
  EXPECT_EQ(
      json["columns"][0].dump(),
      R"({"name":"age","type":"numeric","missing":1,"unreadable":0,"distinct":4,"minimum":27.0,"maximum":45.0,"mean":32.8,)"
      R"("examples":["31","27","45"]})");
  EXPECT_EQ(json["columns"][1]["categories"].dump(), R"(["上海","北京"])");
  EXPECT_EQ(json["columns"][3]["maximum"], "2024-01-31");
}

}  // namespace
}  // namespace manyshot::testing
