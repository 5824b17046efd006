#include "table/cell_values.h"

#include <gtest/gtest.h>

#include <cmath>

namespace manyshot {
namespace {

std::optional<double> point(std::string_view cell) { return parse_number(cell, NumberStyle::kPoint); }
std::optional<double> comma(std::string_view cell) { return parse_number(cell, NumberStyle::kComma); }
std::optional<double> date(std::string_view cell, DateOrder order = DateOrder::kMonthFirst) {
  return parse_date(cell, order);
}

TEST(CellValues, MissingWords) {
  for (const char* cell : {"NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "<NA>", "#N/A", "?", " ? "})
    EXPECT_TRUE(is_missing_word(cell)) << cell;
  for (const char* cell : {"", " ", "0", "na", "none", "-", "No", "NAN", "??", "<NA", "missing", "n"})
    EXPECT_FALSE(is_missing_word(cell)) << cell;
  for (const char* cell : {"", " ", "\t \n"}) EXPECT_TRUE(is_blank(cell)) << cell;
  EXPECT_FALSE(is_blank(" x"));
  EXPECT_TRUE(is_machine_word("nan"));
  EXPECT_FALSE(is_machine_word("None"));
}

TEST(CellValues, GapMarks) {
  for (const char* cell : {"-",
                           "--",
                           ".",
                           "..",
                           "…",
                           "—",
                           "*",
                           "n.a.",
                           "N.A.",
                           "na",
                           "nd",
                           "k. A.",
                           "k.A.",
                           "#DIV/0!",
                           "#REF!",
                           "#NAME?",
                           "unknown",
                           "Unknown",
                           "UNKNOWN",
                           "<LOD",
                           "< LOQ",
                           "not available",
                           "[missing]",
                           "(blank)",
                           "Keine Angabe",
                           "N/D",
                           "TBD",
                           "Don't know"})
    EXPECT_TRUE(is_gap_mark(cell)) << cell;
  for (const char* cell :
       {"0", "<5", "12", "red", "a", "x1", "no", "yes", "other", "#1", "10+", "-5", "A-", "unknown1"})
    EXPECT_FALSE(is_gap_mark(cell)) << cell;
}

TEST(CellValues, PlainNumbers) {
  EXPECT_EQ(point("0"), 0);
  EXPECT_EQ(point("-7"), -7);
  EXPECT_EQ(point("+7"), 7);
  EXPECT_EQ(point("00501"), 501);
  EXPECT_EQ(point("3.14"), 3.14);
  EXPECT_EQ(point(".5"), 0.5);
  EXPECT_EQ(point("5."), 5);
  EXPECT_EQ(point("  1e-3 "), 0.001);
  EXPECT_EQ(point("-2.5E+10"), -2.5e10);
  EXPECT_EQ(point("0.1234567890123456789"), 0.1234567890123456789);
  EXPECT_EQ(point("123456789012345"), 123456789012345.0);
  EXPECT_EQ(point("1234567890123456789"), 1234567890123456789.0);
  EXPECT_EQ(point("9007199254740993"), 9007199254740992.0) << "ties go to even, as IEEE 754 says";
}

TEST(CellValues, ShortDecimalsAreCorrectlyRounded) {
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = std::to_string(i * 7919LL % 1'000'003) + "." + std::to_string(i);
    ASSERT_EQ(point(text), std::stod(text)) << text;
  }
}

TEST(CellValues, NotNumbers) {
  for (const char* cell : {"",   " ",     "-",      "+",      ".",     "a",   "12O",      "1 2", "1.2.3",    "0x10",
                           "1e", "--1",   "+-1",    "1_000",  "12abc", "%",   "$",        "1,2", "1,23,456", "1234,567",
                           ",5", "0,512", "1,2345", "1,,234", "e5",    "nan", "infinite", "1/2"}) {
    EXPECT_EQ(point(cell), std::nullopt) << cell;
  }
}

TEST(CellValues, GroupsAndDecimalCommas) {
  EXPECT_EQ(point("1,234"), 1234);
  EXPECT_EQ(point("-1,234,567.5"), -1234567.5);
  EXPECT_EQ(comma("3,14"), 3.14);
  EXPECT_EQ(comma("1,234"), 1.234);
  EXPECT_EQ(comma("-1.234,5"), -1234.5);
  EXPECT_EQ(comma("1.234.567"), 1234567);
  EXPECT_EQ(comma("12"), 12);
  EXPECT_EQ(comma(",5"), 0.5);
  EXPECT_EQ(comma("1,5e3"), 1500);
  EXPECT_EQ(comma("1.234"), std::nullopt) << "could be either";
  EXPECT_EQ(comma("3.14"), std::nullopt);
  EXPECT_EQ(comma("1,2,3"), std::nullopt);
}

TEST(CellValues, UnitsAreDropped) {
  EXPECT_EQ(point("12%"), 12);
  EXPECT_EQ(point("12.5 %"), 12.5);
  EXPECT_EQ(point("$1,234.50"), 1234.5);
  EXPECT_EQ(point("-$5"), -5);
  EXPECT_EQ(point("$-5"), -5);
  EXPECT_EQ(comma("9,99 €"), 9.99);
  EXPECT_EQ(point("£ 3"), 3);
  EXPECT_EQ(point("5 kg"), std::nullopt);
}

TEST(CellValues, Infinities) {
  for (const char* cell : {"inf", "Inf", "+INF", "infinity", "1e999", "1e-999"})
    EXPECT_EQ(point(cell), INFINITY) << cell;
  for (const char* cell : {"-inf", "-Infinity", "-1e999"}) EXPECT_EQ(point(cell), -INFINITY) << cell;
}

TEST(CellValues, BothStylesAgreeWithEach) {
  for (const char* cell : {"1", "-1.5", "3,14", "1,234", "1.234", "1.234.567", "1.234,5", "x", "", "1e5", "1.5e5", "$3",
                           "12345678901234567"}) {
    const NumberReadings both = parse_number_both_styles(cell);
    EXPECT_EQ(both.point, point(cell)) << cell;
    EXPECT_EQ(both.comma, comma(cell)) << cell;
  }
}

TEST(CellValues, BooleanWords) {
  EXPECT_EQ(parse_boolean_word(" TRUE ")->value, true);
  EXPECT_EQ(parse_boolean_word("False")->value, false);
  EXPECT_EQ(parse_boolean_word("Yes")->pair, parse_boolean_word("no")->pair);
  EXPECT_NE(parse_boolean_word("y")->pair, parse_boolean_word("t")->pair);
  for (const char* cell : {"", "0", "1", "on", "off", "tru", "maybe"}) EXPECT_FALSE(parse_boolean_word(cell)) << cell;
}

TEST(CellValues, Dates) {
  EXPECT_EQ(date("1970-01-01"), 0);
  EXPECT_EQ(date("1969-12-31"), -1);
  EXPECT_EQ(date("2000-03-01"), 11017);
  EXPECT_EQ(date("2000/3/1"), 11017);
  EXPECT_EQ(date("2000.03.01"), 11017);
  EXPECT_EQ(date("01.03.2000"), 11017) << "points mean day first, whatever the order";
  EXPECT_EQ(date("03/01/2000"), 11017);
  EXPECT_EQ(date("01/03/2000", DateOrder::kDayFirst), 11017);
  EXPECT_EQ(date("1-3-2000", DateOrder::kDayFirst), 11017);
  EXPECT_EQ(date("2024-02-29"), 19782);
  EXPECT_EQ(date("0001-01-01"), -719162);
  EXPECT_EQ(date("9999-12-31"), 2932896);
}

TEST(CellValues, MonthNames) {
  for (const char* cell : {"01-Mar-2000",   "1-mar-2000",    "1 March 2000",    "1. März 2000",
                           "March 1, 2000", "Mar 1 2000",    "March 1st, 2000", "1st March 2000",
                           "2000-Mar-01",   "01MAR2000",     "Mar 2000",        "Mar-2000",
                           "1 marzo 2000",  "1 de mar 2000", "Wed, 1 Mar 2000", "Wednesday, March 1, 2000",
                           "1-Mar-00",      "Mar-00",        "Mar '00",         "1 Mars 2000",
                           "1/Mar/2000"})
    EXPECT_EQ(date(cell), 11017) << cell;
  EXPECT_EQ(date("1 Mar 2000 12:00"), 11017.5);
  EXPECT_EQ(date("Mar 1, 2000 6:00 PM"), 11017.75);
  EXPECT_EQ(date("00-Mar-01", DateOrder::kYearFirst), 11017);
  for (const char* cell : {"31-Feb-2000", "Mar", "1 Mar", "1 Mark 2000", "marble 1 2000", "May be 2000", "1 M 2000",
                           "Sept 2000 x", "Mar 20"})
    EXPECT_EQ(date(cell), std::nullopt) << cell;
}

TEST(CellValues, YearsOfTwoDigits) {
  EXPECT_EQ(date("3/1/00"), 11017);
  EXPECT_EQ(date("1/3/00", DateOrder::kDayFirst), 11017);
  EXPECT_EQ(date("00-03-01", DateOrder::kYearFirst), 11017);
  EXPECT_EQ(date("01.03.00"), 11017);
  EXPECT_EQ(date("1/1/70"), 0);
  EXPECT_EQ(date("12/31/69"), -1);
  EXPECT_EQ(format_date(*date("1/1/68")), "2068-01-01");
  const DateReadings readings = parse_date_all_orders("13-01-02");
  EXPECT_TRUE(readings.has_short_year);
  EXPECT_FALSE(readings.in_order[0].has_value());
  EXPECT_TRUE(readings.in_order[1].has_value() && readings.in_order[2].has_value());
  EXPECT_FALSE(parse_date_all_orders("3/1/2000").has_short_year);
}

TEST(CellValues, TimesAndZones) {
  EXPECT_EQ(date("1970-01-01T12:00"), 0.5);
  EXPECT_EQ(date("1970-01-01 06:00:00"), 0.25);
  EXPECT_DOUBLE_EQ(*date("1970-01-01 00:00:00.864"), 1e-5);
  EXPECT_EQ(date("1970-01-01T12:00:00Z"), 0.5);
  EXPECT_EQ(date("1970-01-01T12:00:00+12:00"), 0);
  EXPECT_EQ(date("1970-01-01T12:00:00-0600"), 0.75);
  EXPECT_EQ(date("1970-01-01T12:00:00 +06"), 0.25);
  EXPECT_EQ(date("1/1/1970 6:00 PM"), 0.75);
  EXPECT_EQ(date("1/1/1970 12:00 am"), 0);
}

TEST(CellValues, ImpossibleDates) {
  for (const char* cell : {"2023-02-29",
                           "2023-13-01",
                           "2023-00-10",
                           "2023-01-32",
                           "0000-01-01",
                           "13/13/2000",
                           "2000-1/1",
                           "20000101",
                           "2000-01",
                           "2000-01-01x",
                           "2000-01-01T",
                           "2000-01-01 24:00",
                           "2000-01-01 12:60",
                           "2000-01-01 12:00:99",
                           "2000-01-01 13:00 PM",
                           "2000-01-01 12:00 +24:00",
                           "2000-01-01 12:00 X",
                           "100-01-01",
                           "2000-01-01T12",
                           "1/1/20000"}) {
    EXPECT_EQ(date(cell), std::nullopt) << cell;
  }
  EXPECT_EQ(date("25/12/2000", DateOrder::kMonthFirst), std::nullopt);
}

TEST(CellValues, DatesPrintAsTheyRead) {
  EXPECT_EQ(format_date(0), "1970-01-01");
  EXPECT_EQ(format_date(-0.5), "1969-12-31 12:00:00");
  EXPECT_EQ(format_date(19782 + 47109.0 / 86400), "2024-02-29 13:05:09");
  for (int day = -719162; day <= 2932896; day += 997) ASSERT_EQ(date(format_date(day)), day);
}

}  // namespace
}  // namespace manyshot
