// What the text of a cell means: missing, a number, a boolean, a date. Independent of the process's locale.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "table/number_style.h"

namespace manyshot {

// Without spaces, tabs and line ends at either side.
std::string_view trim_blanks(std::string_view cell);

// `lower`: lower-case ASCII.
bool equals_ignoring_case(std::string_view text, std::string_view lower);

// Empty, or nothing but spaces, tabs and line ends.
bool is_blank(std::string_view cell);

// One of NA, N/A, n/a, NaN, nan, NULL, null, None, <NA>, #N/A, ? between blanks: the words that programs write for a
// missing value. All but NaN, nan, <NA>, #N/A and ? (is_machine_word) may also be what a class is called.
bool is_missing_word(std::string_view cell);
bool is_machine_word(std::string_view cell);

// What people write beside numbers for a value that is not there: signs only (- . … *), spreadsheet errors (#DIV/0!),
// values below a limit that is not given (<LOD), and words such as n.a., k. A., nd, unknown, missing, not available in
// any case. Among words these may mean something; beside numbers they are missing values.
bool is_gap_mark(std::string_view cell);

// One of true/false, yes/no, t/f, y/n in any case, surrounding blanks allowed.
struct BooleanWord {
  int pair = 0;  // which of the four pairs, in that order
  bool value = false;
};
std::optional<BooleanWord> parse_boolean_word(std::string_view cell);
inline constexpr int kNumBooleanPairs = 4;

// What the numbers of a date mean where its spelling leaves that open: 3/4/2020, 3-4-2020 and 3/4/20. (3.4.2020
// and 3.4.20 are always day first; a month's name leaves only 20-Oct-03 open.)
enum class DateOrder { kMonthFirst, kDayFirst, kYearFirst };
inline constexpr int kNumDateOrders = 3;

// Days since 1970-01-01 UTC, the time of day as a fraction; nothing if the cell is no date or names an impossible one.
//   YYYY-MM-DD, YYYY/MM/DD, YYYY.MM.DD, DD.MM.YYYY, and DD/MM/YYYY or MM/DD/YYYY (or with -) by `order`; months and
//   days may have one digit, years have four and start at 1;
//   the same with a year of two digits last, or first by `order`: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068;
//   with a month's name (English, German, French, Spanish, Italian, Portuguese or Dutch, from three letters on, any
//   case): 3-Oct-2020, 3. Oktober 2020, October 3rd, 2020, 2020-Oct-03, 03OCT2020, Oct 2020 (its first day), 3-Oct-20,
//   Oct-20, perhaps after an English weekday; then, after "T" or blanks, HH:MM, HH:MM:SS or HH:MM:SS.fraction, then AM
//   or PM, then Z, +HH, +HHMM or +HH:MM (none: UTC).
std::optional<double> parse_date(std::string_view cell, DateOrder order);

// A cell's reading in each order, and whether only the order tells which of three numbers of two digits is the year.
struct DateReadings {
  std::array<std::optional<double>, kNumDateOrders> in_order;
  bool has_short_year = false;
};
DateReadings parse_date_all_orders(std::string_view cell);

// "2024-02-29", with " 13:05:09" when the time is not midnight (to the nearest second).
std::string format_date(double days);

}  // namespace manyshot
