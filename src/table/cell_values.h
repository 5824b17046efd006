// What the text of a cell means: missing, a number, a boolean, a date. Independent of the process's locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace manyshot {

// Without spaces, tabs and line ends at either side.
std::string_view trim_blanks(std::string_view cell);

// Empty, blank, or one of NA, N/A, n/a, NaN, nan, NULL, null, None, <NA>, #N/A, ? between blanks.
bool is_missing_mark(std::string_view cell);

// How numbers are written.
//   kPoint  3.14   1,234.5   1,234,567     decimal point; commas may group digits by three
//   kComma  3,14   1.234,5   1.234.567     decimal comma; points may group digits by three, if a comma or a second
//   point follows
enum class NumberStyle { kPoint, kComma };

// The number in a cell, or nothing. Surrounding blanks, a sign, an exponent and leading zeros ("00501" is 501) are
// allowed, and one
// "%", "$", "€", "£" or "¥" before or after the digits, which is ignored: "12 %" is 12. Infinity is returned for inf
// and infinity in any case and for numbers outside the range of a double (1e999, 1e-999).
std::optional<double> parse_number(std::string_view cell, NumberStyle style);

// A cell's reading in either style, for deciding between them; one parse for most cells.
struct NumberReadings {
  std::optional<double> point, comma;
};
NumberReadings parse_number_both_styles(std::string_view cell);

// One of true/false, yes/no, t/f, y/n in any case, surrounding blanks allowed.
struct BooleanWord {
  int pair = 0;  // which of the four pairs, in that order
  bool value = false;
};
std::optional<BooleanWord> parse_boolean_word(std::string_view cell);
inline constexpr int kNumBooleanPairs = 4;

// Which number comes first in 3/4/2020 and 3-4-2020 (3.4.2020 is always day first).
enum class DateOrder { kMonthFirst, kDayFirst };

// Days since 1970-01-01 UTC, the time of day as a fraction; nothing if the cell is no date or names an impossible one.
//   YYYY-MM-DD, YYYY/MM/DD, YYYY.MM.DD, DD.MM.YYYY, and DD/MM/YYYY or MM/DD/YYYY (or with -) by `order`; months and
//   days may have one digit, years have four and start at 1; then, after "T" or blanks, HH:MM, HH:MM:SS or
//   HH:MM:SS.fraction, then AM or PM, then Z, +HH, +HHMM or +HH:MM (none: UTC).
std::optional<double> parse_date(std::string_view cell, DateOrder order);

// "2024-02-29", with " 13:05:09" when the time is not midnight (to the nearest second).
std::string format_date(double days);

}  // namespace manyshot
