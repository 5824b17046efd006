#include "encoding/parts/column_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "encoding/parts/testing.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  return names;
}

// A date, whose weekday tells of the class, sentences that tell it, and numbers of letters that do not.
struct Task {
  Table table;
  std::vector<int32_t> labels;
};
Task task(size_t num_rows, uint64_t seed) {
  auto words = testing::sentences(num_rows, seed);
  Column dates{.name = "when", .type = ColumnType::kDate};
  std::vector<std::string> ids;
  for (size_t row = 0; row < num_rows; ++row) {
    dates.numbers.push_back(19'000 + static_cast<double>(row % 3 + (words.labels[row] == 1 ? 2 : 0)));
    ids.push_back("id " + std::to_string(row * 7919));
  }
  return {.table = {.columns = {dates, words.column, testing::texts(ids, "id")}, .num_rows = num_rows},
          .labels = words.labels};
}

TEST(ColumnParts, StandBehindTheColumns) {
  const Task shots = task(120, 1), queries = task(30, 2);
  const ColumnParts parts(shots.table, ColumnParts::target_of(shots.labels, {"no", "yes"}));
  EXPECT_EQ(parts.num_added(), 2u);
  EXPECT_THAT(parts.notes(),
              ElementsAre(HasSubstr("column \"text\": its words are read; alone they explain"),
                          "column \"id\": the words are not read; held-out labelled rows do not show that they help"));
  const auto names = ElementsAre("when", "text", "id", "when: day of the week", "text: words of yes");
  const Table labelled = parts.extend_labelled(shots.table), asked = parts.extend(queries.table);
  EXPECT_THAT(names_of(labelled), names);
  EXPECT_THAT(names_of(asked), names);
  EXPECT_NE(labelled.columns.back().numbers, parts.extend(shots.table).columns.back().numbers)
      << "a labelled row is scored without itself";
}

TEST(ColumnParts, OfMoreClassesAndOfNumbers) {
  const Task shots = task(120, 1);
  std::vector<int32_t> labels = shots.labels;
  for (size_t row = 5; row < 120; row += 11) labels[row] = 2;
  const ColumnParts parts(shots.table, ColumnParts::target_of(labels, {"a", "b", "c"}));
  EXPECT_THAT(names_of(parts.extend(shots.table)),
              ElementsAre("when", "text", "id", "when: day of the week", "text: words of a", "text: words of b"));
  const std::vector<double> numbers(shots.labels.begin(), shots.labels.end());
  EXPECT_THAT(names_of(ColumnParts(shots.table, ColumnParts::target_of(numbers)).extend(shots.table)),
              ElementsAre("when", "text", "id", "when: day of the week", "text: words"));
}

TEST(ColumnParts, CategoriesHaveWordsOnlyWhereTheyAreMany) {
  for (const size_t count : {kManyCategories, kManyCategories + 1}) {
    Column column{.name = "city", .type = ColumnType::kCategorical};
    std::vector<int32_t> labels;
    for (size_t k = 0; k < count; ++k)
      column.categories.push_back((k % 2 == 0 ? "north " : "south ") + std::to_string(k));
    for (size_t row = 0; row < 200; ++row) {
      column.codes.push_back(static_cast<int32_t>(row % count));
      labels.push_back(column.codes.back() % 2);
    }
    const Table table{.columns = {column}, .num_rows = 200};
    EXPECT_EQ(ColumnParts(table, ColumnParts::target_of(labels, {"a", "b"})).empty(), count == kManyCategories);
  }
}

TEST(ColumnParts, TablesOfNumbersHaveNone) {
  const Table table{.columns = {{.name = "x", .numbers = {1, 2}}}, .num_rows = 2};
  const ColumnParts parts(table, ColumnParts::target_of(std::vector<int32_t>{0, 1}, {"a", "b"}));
  EXPECT_TRUE(parts.empty());
  EXPECT_THAT(parts.notes(), IsEmpty());
}

TEST(ColumnParts, ComeBackFromTheirBytesAndCutOnesAreRefused) {
  const Task shots = task(60, 1), queries = task(10, 2);
  const ColumnParts parts(shots.table, ColumnParts::target_of(shots.labels, {"no", "yes"}));
  ByteWriter writer;
  parts.write(writer);
  const std::string bytes = writer.take();
  ByteReader reader(bytes, "m.msfit");
  const ColumnParts read = ColumnParts::read(reader, 3);
  reader.expect_end();
  const Table expected = parts.extend(queries.table), found = read.extend(queries.table);
  EXPECT_EQ(names_of(found), names_of(expected));
  EXPECT_EQ(found.columns.back().numbers, expected.columns.back().numbers);
  ByteReader other(bytes, "m.msfit");
  EXPECT_ERROR(ColumnParts::read(other, 1), ErrorKind::kCorruptFile, "m.msfit has parts of other columns");
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 100) {
    ByteReader cut(std::string_view(bytes).substr(0, size), "m.msfit");
    EXPECT_ERROR(ColumnParts::read(cut, 3), ErrorKind::kCorruptFile, "m.msfit");
  }
  // Columns that the file speaks of and that are of another type are as if missing.
  Table strange = queries.table;
  std::swap(strange.columns[0], strange.columns[1]);
  EXPECT_EQ(read.extend(strange).columns.back().numbers.size(), 10u);
}

}  // namespace
}  // namespace manyshot
