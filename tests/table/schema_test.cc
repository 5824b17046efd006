#include "table/schema.h"

#include <gmock/gmock.h>

#include "support/error.h"
#include "table/testing.h"

namespace manyshot::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Strings = std::vector<std::string>;

Strings repeated(const Strings& cells, size_t times) {
  Strings result;
  for (size_t i = 0; i < times; ++i) result.insert(result.end(), cells.begin(), cells.end());
  return result;
}

TEST(Schema, Numbers) {
  const ColumnSchema column = column_of({"1", "2.5", "", "-3", "1e2", "NA", "2.5"});
  EXPECT_EQ(column.type, ColumnType::kNumeric);
  EXPECT_EQ(column.missing, 2u);
  EXPECT_EQ(column.unreadable, 0u);
  EXPECT_EQ(column.distinct, 4u);
  EXPECT_EQ(column.minimum, -3);
  EXPECT_EQ(column.maximum, 100);
  EXPECT_DOUBLE_EQ(column.mean, (1 + 2.5 - 3 + 100 + 2.5) / 5);
  EXPECT_THAT(column.examples, ElementsAre("1", "2.5", "-3"));
  EXPECT_THAT(column.categories, IsEmpty());
}

TEST(Schema, AFewUnreadableNumbersCountAsMissing) {
  Strings cells = repeated({"1", "2", "3"}, 6);
  cells.insert(cells.begin() + 4, "12O");
  cells.push_back("inf");
  const ColumnSchema column = column_of(cells);
  EXPECT_EQ(column.type, ColumnType::kNumeric);
  EXPECT_EQ(column.missing, 2u);
  EXPECT_EQ(column.unreadable, 2u);
  EXPECT_EQ(column.first_unreadable, "12O");
  EXPECT_EQ(column.first_unreadable_row, 4u);
  EXPECT_EQ(column.maximum, 3);
}

TEST(Schema, NinetyPercentMustRead) {
  EXPECT_EQ(column_of({"1", "2", "3", "4", "5", "6", "7", "8", "9", "x"}).type, ColumnType::kNumeric);
  EXPECT_EQ(column_of({"1", "2", "3", "4", "5", "6", "7", "8", "x", "y"}).type, ColumnType::kText);
  EXPECT_EQ(column_of({"inf", "2", "inf", "4"}).type, ColumnType::kNumeric)
      << "infinities do not speak against numbers";
}

TEST(Schema, NumberStyles) {
  EXPECT_EQ(column_of({"3,14", "2,5", "7"}).number_style, NumberStyle::kComma);
  EXPECT_DOUBLE_EQ(column_of({"3,14", "2,5", "7"}).maximum, 7);
  EXPECT_EQ(column_of({"1,234", "2,345", "7"}).maximum, 2345);
  EXPECT_EQ(column_of({"1,234", "2,3", "7"}).maximum, 7);
  EXPECT_EQ(column_of({"1,234.5", "17"}).maximum, 1234.5);
  EXPECT_EQ(infer_schema(table_of("x;y\n1,234;1\n2,500;2\n")).columns[0].maximum, 2.5);
  EXPECT_EQ(infer_schema(table_of("x;y\n1.234;1\n2.500;2\n")).columns[0].maximum, 2.5);
}

TEST(Schema, Booleans) {
  const ColumnSchema column = column_of({"yes", "No", "", "YES", "yes"});
  EXPECT_EQ(column.type, ColumnType::kBoolean);
  EXPECT_EQ(column.missing, 1u);
  EXPECT_DOUBLE_EQ(column.mean, 0.75);
  EXPECT_EQ(column.minimum, 0);
  EXPECT_EQ(column.maximum, 1);
  EXPECT_EQ(column_of({"t", "t"}).type, ColumnType::kBoolean);
  EXPECT_EQ(column_of({"yes", "no", "true", "false"}).type, ColumnType::kCategorical) << "two pairs";
  EXPECT_EQ(column_of({"yes", "no", "maybe", "no"}).type, ColumnType::kCategorical);
  EXPECT_EQ(column_of({"0", "1"}).type, ColumnType::kNumeric);
}

TEST(Schema, Dates) {
  const ColumnSchema column = column_of({"2024-01-02", "", "1970-01-02 12:00", "2024-01-02"});
  EXPECT_EQ(column.type, ColumnType::kDate);
  EXPECT_EQ(column.minimum, 1.5);
  EXPECT_EQ(column.maximum, 19724);
  EXPECT_FALSE(column.date_order_guessed);
}

TEST(Schema, DayAndMonthOrderIsDecidedOverTheColumn) {
  EXPECT_EQ(column_of({"3/4/2020", "25/12/2020"}).date_order, DateOrder::kDayFirst);
  EXPECT_EQ(column_of({"3/4/2020", "12/25/2020"}).date_order, DateOrder::kMonthFirst);
  EXPECT_FALSE(column_of({"3/4/2020", "12/25/2020"}).date_order_guessed);
  EXPECT_TRUE(column_of({"3/4/2020", "5/6/2020"}).date_order_guessed);
  EXPECT_FALSE(column_of({"3.4.2020", "5.6.2020"}).date_order_guessed);
}

TEST(Schema, ImpossibleDatesAreUnreadable) {
  Strings cells = repeated({"2024-01-02"}, 10);
  cells.push_back("2023-02-30");
  const ColumnSchema column = column_of(cells);
  EXPECT_EQ(column.type, ColumnType::kDate);
  EXPECT_EQ(column.unreadable, 1u);
  EXPECT_EQ(column.first_unreadable, "2023-02-30");
  EXPECT_EQ(column.first_unreadable_row, 10u);
}

TEST(Schema, CategoriesAndText) {
  const ColumnSchema colours = column_of(repeated({"red", "blue", "", "green"}, 2));
  EXPECT_EQ(colours.type, ColumnType::kCategorical);
  EXPECT_THAT(colours.categories, ElementsAre("blue", "green", "red"));
  EXPECT_EQ(colours.missing, 2u);

  Strings names;
  for (int i = 0; i < 12; ++i) names.push_back("name" + std::to_string(i));
  EXPECT_EQ(column_of(names).type, ColumnType::kText);
  EXPECT_THAT(column_of(names).categories, IsEmpty());
  EXPECT_EQ(column_of(repeated(names, 2)).type, ColumnType::kCategorical) << "each string twice";
}

TEST(Schema, ManyDistinctStringsAreText) {
  Strings names;
  for (uint64_t i = 0; i < kMaxTrackedDistinct; ++i) names.push_back("name" + std::to_string(i));
  EXPECT_EQ(column_of(repeated(names, 2)).type, ColumnType::kCategorical);
  EXPECT_EQ(column_of(repeated(names, 2)).distinct, kMaxTrackedDistinct);
  names.push_back("one more");
  EXPECT_EQ(column_of(repeated(names, 3)).type, ColumnType::kText);
  EXPECT_EQ(column_of(repeated(names, 3)).distinct, kMaxTrackedDistinct + 1);
  EXPECT_THAT(column_of(repeated(names, 3)).examples, ElementsAre("name0", "name1", "name2"));
}

// Counting spellings first and reading them later gives what reading each cell would.
TEST(Schema, ManyDistinctNumbers) {
  Strings cells = {"12O"};
  double sum = 0;
  for (int i = 0; i < 5'000; ++i) {
    cells.push_back(std::to_string(i % 2'500));
    sum += i % 2'500;
  }
  const ColumnSchema column = column_of(cells);
  EXPECT_EQ(column.type, ColumnType::kNumeric);
  EXPECT_EQ(column.unreadable, 1u);
  EXPECT_EQ(column.first_unreadable_row, 0u);
  EXPECT_EQ(column.maximum, 2'499);
  EXPECT_DOUBLE_EQ(column.mean, sum / 5'000);
}

TEST(Schema, LabelsKeepEverySpelling) {
  const ColumnSchema column = column_of({"1", "1.0", "", "yes", " 1"}, /*as_label=*/true);
  EXPECT_EQ(column.type, ColumnType::kCategorical);
  EXPECT_THAT(column.categories, ElementsAre(" 1", "1", "1.0", "yes"));
  EXPECT_EQ(column.missing, 1u);

  Strings many;
  for (uint64_t i = 0; i < 3 * kMaxTrackedDistinct; ++i) many.push_back("c" + std::to_string(i));
  EXPECT_EQ(column_of(many, /*as_label=*/true).categories.size(), many.size());
}

TEST(Schema, UnknownLabel) {
  const TableFile file = table_of("income,age\n1,2\n");
  const Strings labels = {"incom"};
  EXPECT_ERROR(infer_schema(file, labels), ErrorKind::kNotFound, "did you mean \"income\"");
}

TEST(Schema, NoCells) {
  const ColumnSchema column = column_of({"", "NA", "?"});
  EXPECT_EQ(column.type, ColumnType::kNumeric);
  EXPECT_EQ(column.missing, 3u);
  EXPECT_EQ(column.distinct, 0u);
}

}  // namespace
}  // namespace manyshot::testing
