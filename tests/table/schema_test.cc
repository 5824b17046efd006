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
  EXPECT_TRUE(column_of({"3", "2", "7"}).decimal_mark_open);
  EXPECT_FALSE(column_of({"3.5", "2", "7"}).decimal_mark_open);
  EXPECT_DOUBLE_EQ(column_of({"3,14", "2,5", "7"}).maximum, 7);
  EXPECT_EQ(column_of({"1,234", "2,345", "7"}).maximum, 2345);
  EXPECT_EQ(column_of({"1,234", "2,3", "7"}).maximum, 7);
  EXPECT_EQ(column_of({"1,234.5", "17"}).maximum, 1234.5);
  EXPECT_EQ(infer_schema(table_of("x;y\n1,234;1\n2,500;2\n")).columns[0].maximum, 2.5);
  EXPECT_EQ(infer_schema(table_of("x;y\n1.234;1\n2.500;2\n")).columns[0].maximum, 2.5);
}

struct Spelt {
  Strings cells;
  double minimum, maximum;
};

TEST(Schema, NumberSpellingsOfAColumn) {
  const std::vector<Spelt> columns = {
      {{"22 092,65", "954,30", "1 000 000"}, 954.3, 1e6},
      {{"22\u202F092,65", "32\u202F955,96", "512,00"}, 512, 32955.96},
      {{"1'234.5", "12", "1’000’000"}, 12, 1e6},
      {{"1_000", "25_000", "3"}, 3, 25000},
      {{"1,23,456", "12,34,567", "1,234", "99"}, 99, 1234567},
      {{"12.5 EUR", "1000 EUR", "7 EUR"}, 7, 1000},
      {{"EUR 12", "EUR 7.5", "-EUR 3"}, -3, 12},
      {{"1.234,50 kr", "12,00 kr", "3,5 kr"}, 3.5, 1234.5},
      {{"12 kg", "7kg", "3.5 KG"}, 3.5, 12},
      {{"1 day", "2 days", "10 days"}, 1, 10},
      {{"(5)", "12", "(1,234.50)", "8"}, -1234.5, 12},
      {{"5-", "12", "7-"}, -7, 12},
      {{"\u22125", "\u221212", "3"}, -12, 3},
      {{"22.09K", "950", "1.2M"}, 950, 1.2e6},
      {{"$1.5M", "$950K", "$20K"}, 20000, 1.5e6},
      {{"1.5 MB", "20 kB", "512 B"}, 512, 1.5e6},
      {{"=\"1\"", "=\"22\"", "=\"3\""}, 1, 22},
      {{"06:08:12", "26:40:42", "00:00:10"}, 10, 96042},
      {{"59:30", "1:02:03", "2:00"}, 120, 3723},
      {{"1:05 PM", "11:30 AM", "12:15 AM"}, 900, 47100},
      {{"1h 30m", "45m", "2h"}, 2700, 7200},
      {{"１２", "３４", "５．５"}, 5.5, 34},
  };
  for (const Spelt& spelt : columns) {
    for (const size_t times : {size_t{1}, size_t{7}}) {
      const ColumnSchema column = column_of(repeated(spelt.cells, times));
      EXPECT_EQ(column.type, ColumnType::kNumeric) << spelt.cells[0];
      EXPECT_EQ(column.missing, 0u) << spelt.cells[0];
      EXPECT_GT(column.respelt, 0u) << spelt.cells[0];
      EXPECT_DOUBLE_EQ(column.minimum, spelt.minimum) << spelt.cells[0];
      EXPECT_DOUBLE_EQ(column.maximum, spelt.maximum) << spelt.cells[0];
    }
  }
}

// More spellings than are tracked: read as they come, with the same result.
TEST(Schema, NumberSpellingsOfALongColumn) {
  Strings plain, spelt;
  for (int i = 0; i < 5'000; ++i) {
    plain.push_back(std::to_string(i * 37));
    const std::string digits = std::to_string(i * 37);
    spelt.push_back(
        (digits.size() > 3 ? digits.substr(0, digits.size() - 3) + " " + digits.substr(digits.size() - 3) : digits) +
        " EUR");
  }
  const ColumnSchema expected = column_of(plain), column = column_of(spelt);
  EXPECT_EQ(column.type, ColumnType::kNumeric);
  EXPECT_EQ(column.respelt, 5'000u);
  EXPECT_EQ(column.missing, 0u);
  EXPECT_EQ(column.maximum, expected.maximum);
  EXPECT_DOUBLE_EQ(column.mean, expected.mean);
}

TEST(Schema, UnitsOnlyWhereTheColumnIsConsistent) {
  EXPECT_NE(column_of({"5 kg", "3 lb", "2 m", "7 s"}).type, ColumnType::kNumeric);
  EXPECT_NE(column_of({"A11", "A12", "A14"}).type, ColumnType::kNumeric) << "codes";
  EXPECT_NE(column_of({"1st Class", "2nd Class", "3rd Class"}).type, ColumnType::kNumeric);
  EXPECT_NE(column_of({"10+ years", "5 years", "< 1 year", "10+ years"}).type, ColumnType::kNumeric);
  Strings cells = repeated({"1", "2", "3"}, 7);
  cells.push_back("12O");
  EXPECT_EQ(column_of(cells).unreadable, 1u) << "a slip is no unit";
}

TEST(Schema, GapMarksBesideNumbers) {
  for (const char* mark : {"-", ".", "n.a.", "#DIV/0!", "unknown", "<LOD", "k. A.", "—", "Not available"}) {
    Strings cells = repeated({"1.5", "2", "3", "4", "5"}, 4);
    for (int i = 0; i < 8; ++i) cells.push_back(mark);
    const ColumnSchema column = column_of(cells);
    EXPECT_EQ(column.type, ColumnType::kNumeric) << mark;
    EXPECT_EQ(column.missing, 8u) << mark;
    EXPECT_EQ(column.unreadable, 0u) << mark;
    EXPECT_EQ(column.present, 20u) << mark;
    ASSERT_EQ(column.gap_marks.size(), 1u) << mark;
    EXPECT_EQ(column.gap_marks[0].spelling, mark);
    EXPECT_EQ(column.gap_marks[0].cells, 8u);
  }
  EXPECT_EQ(column_of({"2024-01-02", "2024-01-03", "unknown", "unknown"}).type, ColumnType::kDate);
  EXPECT_EQ(column_of({"red", "blue", "unknown", "unknown"}).categories.size(), 3u) << "a word among words";
  EXPECT_EQ(column_of({"yes", "no", "-", "-"}).type, ColumnType::kCategorical);
}

TEST(Schema, OtherStringsThatRecurBesideManyNumbers) {
  Strings cells;
  for (int i = 0; i < 30; ++i) cells.push_back(std::to_string(i));
  for (int i = 0; i < 10; ++i) cells.push_back("ausgefallen");
  const ColumnSchema column = column_of(cells);
  EXPECT_EQ(column.type, ColumnType::kNumeric);
  EXPECT_EQ(column.gap_marks.at(0).cells, 10u);
  for (int i = 0; i < 5; ++i) cells.push_back("word" + std::to_string(i));
  EXPECT_NE(column_of(cells).type, ColumnType::kNumeric) << "too many strings";
  EXPECT_EQ(column_of({"1", "2", "3+", "3+", "2", "1"}).type, ColumnType::kCategorical) << "few numbers";
}

TEST(Schema, RowLabels) {
  std::string text = ",id,a,b\n";
  for (int row = 0; row < 30; ++row) text += std::to_string(row * 7 % 30) + "," + std::to_string(row + 1) + ",5,x\n";
  const Schema schema = infer_schema(table_of(text));
  EXPECT_EQ(schema.columns[0].row_label, RowLabel::kUnnamed);
  EXPECT_EQ(schema.columns[1].row_label, RowLabel::kCounting);
  EXPECT_EQ(schema.columns[2].row_label, RowLabel::kNone);
  EXPECT_EQ(infer_schema(table_of(",a\n1.5,2\n2.5,2\n")).columns[0].row_label, RowLabel::kNone) << "measurements";
  EXPECT_EQ(infer_schema(table_of("a,b\n1,2\n2,2\n3,2\n")).columns[0].row_label, RowLabel::kNone) << "few rows";
  EXPECT_EQ(infer_schema(table_of("5,2\n7,2\n3,2\n", {.has_header = false})).columns[0].row_label, RowLabel::kNone);
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

TEST(Schema, MonthNamesAndShortYears) {
  EXPECT_EQ(column_of({"03-Oct-2020", "29-Dec-2020"}).type, ColumnType::kDate);
  EXPECT_EQ(column_of({"03-OCT-20", "29-DEC-20"}).minimum, 18538);
  EXPECT_EQ(column_of({"Jan-2018", "Mar-2018"}).type, ColumnType::kDate);
  EXPECT_EQ(column_of({"3/10/20", "29/12/20"}).date_order, DateOrder::kDayFirst);
  EXPECT_EQ(column_of({"10/3/20", "12/29/20"}).date_order, DateOrder::kMonthFirst);
  EXPECT_EQ(column_of({"99-12-31", "98-01-05"}).date_order, DateOrder::kYearFirst);
  EXPECT_EQ(column_of({"99-12-31", "98-01-05"}).maximum, 10956);
  EXPECT_NE(column_of({"03-10-04", "05-06-07"}).type, ColumnType::kDate) << "nothing tells the year";
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

TEST(Schema, MissingWordsAmongLabels) {
  const ColumnSchema words = column_of({"None", "Mild", "NA", "nan", "", "null"}, /*as_label=*/true);
  EXPECT_THAT(words.categories, ElementsAre("Mild", "NA", "None", "null"));
  EXPECT_EQ(words.missing, 2u);
  const ColumnSchema numbers = column_of({"0", "1", "NA", "None"}, /*as_label=*/true);
  EXPECT_THAT(numbers.categories, ElementsAre("0", "1"));
  EXPECT_EQ(numbers.missing, 2u);
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
