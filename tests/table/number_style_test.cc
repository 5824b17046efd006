#include "table/number_style.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace manyshot {
namespace {

// The reading of `cell` by a style that admits all of its spelling as `quantity`, or nothing.
std::optional<double> read(std::string_view cell, Quantity quantity = Quantity::kNumber,
                           DecimalMark decimal = DecimalMark::kPoint) {
  for (const NumberSpelling& spelling : spellings_of(cell)) {
    if (spelling.quantity != quantity) continue;
    return parse_number(cell, {.decimal = decimal,
                               .extended = true,
                               .grouping = spelling.grouping,
                               .quantity = quantity,
                               .unit = spelling.unit});
  }
  return {};
}
std::optional<double> with_comma(std::string_view cell) { return read(cell, Quantity::kNumber, DecimalMark::kComma); }
std::string unit_of(std::string_view cell) {
  const auto spellings = spellings_of(cell);
  return spellings.empty() ? "none" : spellings.front().unit;
}

TEST(NumberStyle, Groups) {
  EXPECT_EQ(read("22 092.65"), 22092.65);
  EXPECT_EQ(with_comma("22 092,65"), 22092.65);
  EXPECT_EQ(with_comma("22\u00A0092,65"), 22092.65);
  EXPECT_EQ(with_comma("1\u202F234\u202F567"), 1234567);
  EXPECT_EQ(read("-1\u2009234"), -1234);
  EXPECT_EQ(read("1'234'567.5"), 1234567.5);
  EXPECT_EQ(read("1’234"), 1234);
  EXPECT_EQ(read("1_000_000"), 1'000'000);
  EXPECT_EQ(read("12,34,567.8"), 1234567.8);
  EXPECT_EQ(read("1,23,456"), 123456);
  for (const char* cell : {"1 2", "12 34", "1 2345", "0 123", "1234 567", "1_00", "1,2,345", "12,345,67", "1'23"})
    EXPECT_EQ(read(cell), std::nullopt) << cell;
}

TEST(NumberStyle, Signs) {
  EXPECT_EQ(read("(5)"), -5);
  EXPECT_EQ(read("($1,234.50)"), -1234.5);
  EXPECT_EQ(read("$(5)"), -5);
  EXPECT_EQ(read("5-"), -5);
  EXPECT_EQ(with_comma("1.234,50-"), -1234.5);
  EXPECT_EQ(read("\u22125.5"), -5.5);
  EXPECT_EQ(read("- 5"), -5);
  for (const char* cell : {"--5", "(-5)", "(5", "5)", "-5-", "()"}) EXPECT_EQ(read(cell), std::nullopt) << cell;
}

TEST(NumberStyle, Units) {
  EXPECT_EQ(read("1234 EUR"), 1234);
  EXPECT_EQ(read("EUR 1234"), 1234);
  EXPECT_EQ(read("-CHF 12'000.50"), -12000.5);
  EXPECT_EQ(read("Rs. 500"), 500);
  EXPECT_EQ(read("R$5"), 5);
  EXPECT_EQ(read("₹ 1,23,456"), 123456);
  EXPECT_EQ(read("12kg"), 12);
  EXPECT_EQ(read("36.6 °C"), 36.6);
  EXPECT_EQ(read("5 mg/dL"), 5);
  EXPECT_EQ(read("120 m2"), 120);
  EXPECT_EQ(read("1 234 %"), 1234);
  EXPECT_EQ(unit_of("12 KG"), "kg");
  EXPECT_EQ(unit_of("1 day"), unit_of("2 days"));
  EXPECT_EQ(unit_of("EUR 5"), unit_of("5 EUR"));
  EXPECT_NE(unit_of("5 kg"), unit_of("5 lb"));
  for (const char* cell : {"A12", "Room 12", "12 of 20", "5 kg 3", "2020Q1", "1.2.3", "555-1234", "12:3", "x", "kg",
                           "1,2,3 EUR", "0x10", "uuid-12ab", "~5", "5+", "<5"})
    EXPECT_EQ(read(cell), std::nullopt) << cell;
}

TEST(NumberStyle, MagnitudesAndBytes) {
  EXPECT_EQ(read("22.09K", Quantity::kMagnitude), 22090);
  EXPECT_EQ(read("$1.5M", Quantity::kMagnitude), 1.5e6);
  EXPECT_EQ(read("€ 3 Mio.", Quantity::kMagnitude), 3e6);
  EXPECT_EQ(read("2 bn", Quantity::kMagnitude), 2e9);
  EXPECT_EQ(read("1.2M €", Quantity::kMagnitude), 1.2e6);
  EXPECT_EQ(read("1.2M€", Quantity::kMagnitude), 1.2e6);
  EXPECT_EQ(read("5 lakh", Quantity::kMagnitude), 5e5);
  EXPECT_EQ(read("1.5 MB", Quantity::kBytes), 1.5e6);
  EXPECT_EQ(read("2KiB", Quantity::kBytes), 2048);
  EXPECT_EQ(read("512B", Quantity::kBytes), 512);
  EXPECT_EQ(read("5B", Quantity::kMagnitude), 5e9);
  EXPECT_EQ(read("5 m"), 5) << "metres too";
}

TEST(NumberStyle, Durations) {
  EXPECT_EQ(read("06:08:12", Quantity::kDuration), 22092);
  EXPECT_EQ(read("26:40:42", Quantity::kDuration), 96042);
  EXPECT_EQ(read("-0:59:30.5", Quantity::kDuration), -3570.5);
  EXPECT_EQ(read("59:30", Quantity::kDuration), 3570);
  EXPECT_EQ(read("12:30", Quantity::kClock), 45000);
  EXPECT_EQ(read("1:05 PM", Quantity::kClock), 47100);
  EXPECT_EQ(read("12:00 am", Quantity::kClock), 0);
  EXPECT_EQ(read("1 day, 2:03:04", Quantity::kDuration), 93784);
  EXPECT_EQ(read("2 days 03:04:05", Quantity::kDuration), 183845);
  EXPECT_EQ(read("1h 30m", Quantity::kDuration), 5400);
  EXPECT_EQ(read("1h30", Quantity::kDuration), 5400);
  EXPECT_EQ(read("90 min", Quantity::kDuration), 5400);
  EXPECT_EQ(read("PT1H30M", Quantity::kDuration), 5400);
  EXPECT_EQ(read("P1DT0.5S", Quantity::kDuration), 86400.5);
  for (const char* cell : {"12:60", "1:2:3", "25:00 PM", "16:9", "P", "PT", "P1Y", "1h 90x", "10:30:99"})
    EXPECT_EQ(read(cell, Quantity::kDuration), std::nullopt) << cell;
}

TEST(NumberStyle, FormulasAndFullWidth) {
  EXPECT_EQ(read("=\"1\""), 1);
  EXPECT_EQ(read("=\"-12.5\""), -12.5);
  EXPECT_EQ(read("=7"), 7);
  EXPECT_EQ(read("１，２３４．５"), 1234.5);
  EXPECT_EQ(read("－１２"), -12);
  EXPECT_EQ(read("٣٤"), 34) << "Arabic digits";
}

TEST(NumberStyle, AStyleAdmitsWhatItsColumnHas) {
  const NumberStyle kilograms{.extended = true, .unit = "kg"};
  EXPECT_EQ(parse_number("12 kg", kilograms), 12);
  EXPECT_EQ(parse_number("12", kilograms), 12);
  EXPECT_EQ(parse_number("(12)", kilograms), -12);
  EXPECT_EQ(parse_number("12 lb", kilograms), std::nullopt);
  EXPECT_EQ(parse_number("1 234 kg", kilograms), std::nullopt) << "another grouping";
  EXPECT_EQ(parse_number("12 kg", NumberStyle::kPoint), std::nullopt);
  EXPECT_EQ(parse_number("(12)", NumberStyle::kPoint), std::nullopt);
}

TEST(NumberStyle, PlainNumbersHaveNoSpellings) {
  for (const char* cell : {"", "-", "N/A", "some words", "name123 of the year", "2020-01-05", "red"})
    EXPECT_TRUE(spellings_of(cell).empty()) << cell;
}

}  // namespace
}  // namespace manyshot
