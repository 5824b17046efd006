#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/error.h"
#include "table/schema.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::StrEq;

const char* const kTrain =
    "age,colour,smokes,born,label\n"
    "31,red,yes,1990-01-01,1\n"
    ",blue,no,,1.0\n"
    "40,red,,2000-05-05,1\n"
    "50,,no,2001-05-05,\n";

Schema train_schema() {
  const std::vector<std::string> labels = {"label"};
  return infer_schema(table_of(kTrain), labels);
}

TEST(ReadRows, TypedColumns) {
  const std::vector<uint64_t> rows = {0, 1, 3};
  ReadNotes notes;
  const Table table = read_rows(table_of(kTrain), train_schema(), rows, &notes);
  ASSERT_EQ(table.num_rows, 3u);
  ASSERT_EQ(table.columns.size(), 5u);
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(31, IsNan(), 50));
  EXPECT_THAT(table.columns[1].categories, ElementsAre("blue", "red"));
  EXPECT_THAT(table.columns[1].codes, ElementsAre(1, 0, kMissingCode));
  EXPECT_THAT(table.columns[2].numbers, ElementsAre(1, 0, 0));
  EXPECT_THAT(table.columns[3].numbers, ElementsAre(7305, IsNan(), 11447));
  EXPECT_THAT(table.columns[4].categories, ElementsAre("1", "1.0"));
  EXPECT_THAT(table.columns[4].codes, ElementsAre(0, 1, kMissingCode));
  EXPECT_THAT(notes.absent, IsEmpty());
  EXPECT_THAT(notes.extra, IsEmpty());
  EXPECT_THAT(notes.unreadable, IsEmpty());
}

TEST(ReadRows, ColumnsInAnotherOrderMissingAndNew) {
  const TableFile test = table_of("label,new,colour,age\n0,x,green,x1\n1,y,red,7\n2,z,green,x2\n");
  const std::vector<uint64_t> rows = {0, 1, 2};
  ReadNotes notes;
  const Table table = read_rows(test, train_schema(), rows, &notes);
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(IsNan(), 7, IsNan()));
  EXPECT_THAT(table.columns[1].categories, ElementsAre("blue", "red", "green"));
  EXPECT_THAT(table.columns[1].codes, ElementsAre(2, 1, 2));
  EXPECT_THAT(table.columns[2].numbers, ElementsAre(IsNan(), IsNan(), IsNan()));
  EXPECT_THAT(table.columns[4].categories, ElementsAre("1", "1.0", "0", "2"));
  EXPECT_THAT(table.columns[4].codes, ElementsAre(2, 0, 3));
  EXPECT_THAT(notes.absent, ElementsAre("smokes", "born"));
  EXPECT_THAT(notes.extra, ElementsAre("new"));
  ASSERT_EQ(notes.unreadable.size(), 1u);
  EXPECT_EQ(notes.unreadable[0].column, "age");
  EXPECT_EQ(notes.unreadable[0].cell, "x1");
  EXPECT_EQ(notes.unreadable[0].row, 0u);
  EXPECT_EQ(notes.unreadable[0].count, 2u);
}

TEST(ReadRows, BooleansMayBeNumbers) {
  const TableFile test = table_of("smokes,a\n1,0\n0.0,0\nTRUE,0\n2,0\n");
  const std::vector<uint64_t> rows = {0, 1, 2, 3};
  EXPECT_THAT(read_rows(test, train_schema(), rows, nullptr).columns[2].numbers, ElementsAre(1, 0, 1, IsNan()));
}

TEST(ReadRows, NumbersFollowTheSchemasStyle) {
  const Schema schema = infer_schema(table_of("a|b|d\n3,5|1|25/12/2000\n", {.delimiter = "|"}));
  const std::vector<uint64_t> rows = {0};
  const Table table = read_rows(table_of("a|b|d\n1,234|5|3/4/2000\n", {.delimiter = "|"}), schema, rows, nullptr);
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(1.234));
  EXPECT_THAT(table.columns[2].numbers, ElementsAre(11050)) << "2000-04-03";
}

TEST(ReadRows, GapsAreNoUnreadableCells) {
  const TableFile test = table_of("age,a\n-,0\nunknown,0\nNA,0\n7,0\nx,0\n");
  const std::vector<uint64_t> rows = {0, 1, 2, 3, 4};
  ReadNotes notes;
  const Table table = read_rows(test, train_schema(), rows, &notes);
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(IsNan(), IsNan(), IsNan(), 7, IsNan()));
  ASSERT_EQ(notes.unreadable.size(), 1u);
  EXPECT_EQ(notes.unreadable[0].count, 1u);
  EXPECT_EQ(notes.unreadable[0].cell, "x");
}

TEST(ReadRows, CategoriesThatAreSpeltOtherwise) {
  const TableFile test = table_of("colour,label\n Red,1\nBLUE,1\ngreen,01\nNA,\n");
  const std::vector<uint64_t> rows = {0, 1, 2, 3};
  ReadNotes notes;
  const Table table = read_rows(test, train_schema(), rows, &notes);
  EXPECT_THAT(table.columns[1].codes, ElementsAre(1, 0, 2, kMissingCode));
  EXPECT_THAT(table.columns[1].categories, ElementsAre("blue", "red", "green"));
  ASSERT_EQ(notes.respelt.size(), 1u);
  EXPECT_EQ(notes.respelt[0].cell, " Red");
  EXPECT_EQ(notes.respelt[0].count, 2u);
  ASSERT_EQ(notes.unknown.size(), 2u);
  EXPECT_EQ(notes.unknown[0].cell, "green");
  EXPECT_EQ(notes.unknown[0].row, 2u);
  EXPECT_EQ(notes.unknown[1].cell, "01") << "1 and 1.0 are both classes: in doubt";
}

TEST(ReadRows, NoneOfTheSchemasColumns) {
  const std::vector<uint64_t> rows = {1};
  const Table table = read_rows(table_of("x,y\n1,2\n3,4\n"), train_schema(), rows, nullptr);
  EXPECT_EQ(table.num_rows, 1u);
  EXPECT_THAT(table.columns[0].numbers, ElementsAre(IsNan()));
}

TEST(ReadRows, RowsBeyondTheFile) {
  const std::vector<uint64_t> rows = {1, 9};
  EXPECT_ERROR(read_rows(table_of(kTrain), train_schema(), rows, nullptr), ErrorKind::kBadInput,
               StrEq("t.csv: row 9 (counted from 0) is asked for, but the file has 4 rows; was it changed meanwhile?"));
}

TEST(ScanTable, ChunksCoverTheFile) {
  std::string text = "n,s\n";
  for (int row = 0; row < 250'000; ++row) text += fmt::format("{},{}\n", row, row % 3 ? "even" : "odd");
  const TableFile file = table_of(text);
  const Schema schema = infer_schema(file);
  for (const size_t chunk_rows : {size_t{1'000}, size_t{99'999}, size_t{1'000'000}}) {
    uint64_t next_row = 0;
    scan_table(file, schema, chunk_rows, nullptr, [&](const Table& table, uint64_t first_row) {
      ASSERT_EQ(first_row, next_row);
      ASSERT_LE(table.num_rows, chunk_rows);
      for (size_t row = 0; row < table.num_rows; ++row, ++next_row) {
        ASSERT_EQ(table.columns[0].numbers[row], static_cast<double>(next_row));
        ASSERT_EQ(table.columns[1].categories[static_cast<size_t>(table.columns[1].codes[row])],
                  next_row % 3 ? "even" : "odd");
      }
    });
    EXPECT_EQ(next_row, 250'000u);
  }
}

// New strings are appended chunk by chunk, so a text column does not gather the whole file.
TEST(ScanTable, NewStringsStayInTheirChunk) {
  const Schema schema = infer_schema(table_of("s,n\na,1\nb,2\n"));
  const TableFile file = table_of("s,n\nx,1\na,2\ny,3\nx,4\n");
  std::vector<std::vector<std::string>> categories;
  std::vector<std::vector<int32_t>> codes;
  scan_table(file, schema, 2, nullptr, [&](const Table& table, uint64_t) {
    categories.push_back(table.columns[0].categories);
    codes.push_back(table.columns[0].codes);
  });
  EXPECT_THAT(categories, ElementsAre(ElementsAre("a", "b", "x"), ElementsAre("a", "b", "y", "x")));
  EXPECT_THAT(codes, ElementsAre(ElementsAre(2, 0), ElementsAre(2, 3)));
}

}  // namespace
}  // namespace manyshot::testing
