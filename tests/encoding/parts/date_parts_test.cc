#include "encoding/parts/date_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "core/rng.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::NanSensitiveDoubleEq;

double day(int year, unsigned month, unsigned of_month, double hour = 0) {
  const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{of_month}};
  return static_cast<double>(date.time_since_epoch().count()) + hour / 24;
}

Column dates(std::vector<double> days) {
  return {.name = "when", .type = ColumnType::kDate, .numbers = std::move(days)};
}

std::vector<std::string> names_of(const Column& column) {
  std::vector<std::string> names;
  for (const Column& part : DateParts::fit(column).columns(column, column.numbers.size())) names.push_back(part.name);
  return names;
}

TEST(DateParts, KeepsWhatDiffers) {
  EXPECT_THAT(names_of(dates({day(2024, 2, 28), day(2024, 2, 28)})), IsEmpty());
  EXPECT_THAT(names_of(dates({day(2024, 2, 5), day(2024, 2, 6)})), ElementsAre("when: day of the week"));
  EXPECT_THAT(names_of(dates({day(2024, 2, 5), day(2024, 3, 4)})), ElementsAre("when: month"));
  EXPECT_THAT(names_of(dates({day(2024, 2, 5, 7), day(2024, 2, 5, 8), kMissingNumber})), ElementsAre("when: hour"));
  EXPECT_THAT(
      names_of(dates({day(2023, 1, 1), day(2024, 5, 2), day(2024, 9, 3)})),
      ElementsAre("when: year", "when: month", "when: day of the week", "when: season, sine", "when: season, cosine"));
}

TEST(DateParts, AreTheCalendars) {
  const Column shots = dates({day(1969, 12, 31, 23), day(2024, 2, 29, 12.5), day(2026, 7, 3)});
  const std::vector<Column> parts = DateParts::fit(shots).columns(shots, 3);
  ASSERT_EQ(parts.size(), 6u);
  EXPECT_THAT(parts[0].numbers, ElementsAre(1969, 2024, 2026));
  EXPECT_THAT(parts[1].numbers, ElementsAre(12, 2, 7));
  EXPECT_THAT(parts[2].numbers, ElementsAre(2, 3, 4)) << "Wednesday, Thursday, Friday";
  EXPECT_THAT(parts[3].numbers, ElementsAre(23, 12, 0));
  for (size_t row = 0; row < 3; ++row) EXPECT_NEAR(std::hypot(parts[4].numbers[row], parts[5].numbers[row]), 1, 1e-12);
  EXPECT_GT(parts[5].numbers[0], 0.99) << "the end of a year is near its beginning";
  EXPECT_LT(parts[5].numbers[2], -0.99) << "and far from July";
}

// An hour that is a whole number of 24ths is not one less by rounding.
TEST(DateParts, EveryHourIsItself) {
  Column shots = dates({});
  for (int hour = 0; hour < 24; ++hour) shots.numbers.push_back(day(2024, 2, 5) + hour / 24.0);
  const std::vector<Column> parts = DateParts::fit(shots).columns(shots, 24);
  ASSERT_EQ(parts.size(), 1u);
  for (int hour = 0; hour < 24; ++hour) EXPECT_EQ(parts[0].numbers[static_cast<size_t>(hour)], hour);
}

// A target that is high on weekends; nothing else tells.
TEST(DateParts, KeepsWhatHelps) {
  Column shots = dates({});
  std::vector<double> numbers, noise;
  for (size_t row = 0; row < 200; ++row) {
    shots.numbers.push_back(day(2024, 1, 1) + static_cast<double>(Rng(1).below(row, 600)));
    noise.push_back(Rng(2).normal(row));
    numbers.push_back(noise.back() + (std::fmod(shots.numbers.back() - day(2024, 1, 1), 7) >= 5 ? 3 : 0));
  }
  const DateParts all = DateParts::fit(shots);
  EXPECT_EQ(all.size(), 5u);
  const auto kept = [&](const std::vector<double>& targets) {
    std::vector<std::string> names;
    for (const Column& part : all.that_help(shots, targets_of_numbers(targets)).columns(shots, 200))
      names.push_back(part.name);
    return names;
  };
  EXPECT_THAT(kept(numbers), ElementsAre("when: day of the week"));
  EXPECT_THAT(kept(noise), IsEmpty());
  for (size_t row = 0; row < 200; ++row)
    numbers[row] = noise[row] + 3 * std::sin(2 * 3.14159 * shots.numbers[row] / 365.25);
  EXPECT_THAT(kept(numbers), ElementsAre("when: month", "when: season, sine", "when: season, cosine"));
}

TEST(DateParts, WhatIsNoDateIsMissing) {
  const DateParts parts = DateParts::fit(dates({day(2024, 2, 5), day(2024, 3, 4)}));
  const std::vector<Column> found = parts.columns(dates({kMissingNumber, 1e300, -1e9, INFINITY, day(1, 1, 1)}), 5);
  EXPECT_THAT(found.front().numbers, ElementsAre(NanSensitiveDoubleEq(NAN), NanSensitiveDoubleEq(NAN),
                                                 NanSensitiveDoubleEq(NAN), NanSensitiveDoubleEq(NAN), 1));
  const Column strings{.name = "when", .type = ColumnType::kText, .codes = {0}, .categories = {"a"}};
  EXPECT_THAT(parts.columns(strings, 1).front().numbers, ElementsAre(NanSensitiveDoubleEq(NAN)));
}

TEST(DateParts, ComeBackFromTheirBytes) {
  const Column shots = dates({day(2023, 1, 1, 4), day(2024, 5, 2), day(2024, 9, 3)});
  ByteWriter writer;
  DateParts::fit(shots).write(writer);
  const std::string bytes = writer.take();
  ByteReader reader(bytes, "m.msfit");
  const std::vector<Column> expected = DateParts::fit(shots).columns(shots, 3),
                            found = DateParts::read(reader).columns(shots, 3);
  reader.expect_end();
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].numbers, expected[i].numbers);
  std::string other = bytes;
  other.back() = 77;
  ByteReader damaged(other, "m.msfit");
  EXPECT_ERROR(DateParts::read(damaged), ErrorKind::kCorruptFile, "m.msfit has an unknown part of a date");
}

}  // namespace
}  // namespace manyshot
