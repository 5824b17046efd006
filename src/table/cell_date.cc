// Dates of cell_values.h.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <string>

#include "table/cell_values.h"

namespace manyshot {
namespace {

constexpr double kSecondsPerDay = 86'400;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || static_cast<unsigned char>(c) >= 0x80; }

// Reads a cell from left to right. Each take_ function consumes what it names, or nothing.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  char take_any_of(std::string_view choices) {
    if (text_.empty() || choices.find(text_[0]) == std::string_view::npos) return '\0';
    const char c = text_[0];
    text_.remove_prefix(1);
    return c;
  }
  bool take_blanks() {
    const size_t count = std::min(text_.find_first_not_of(" \t"), text_.size());
    text_.remove_prefix(count);
    return count > 0;
  }
  // An unsigned number of min..max digits.
  struct Digits {
    int value = 0;
    int count = 0;
  };
  std::optional<Digits> take_digits(int min, int max) {
    Digits digits;
    while (digits.count < max && !text_.empty() && text_[0] >= '0' && text_[0] <= '9') {
      digits.value = digits.value * 10 + (text_[0] - '0');
      ++digits.count;
      text_.remove_prefix(1);
    }
    if (digits.count < min) return {};
    return digits;
  }
  // ".25" as 0.25.
  std::optional<double> take_fraction() {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text_.data(), text_.data() + text_.size(), value, std::chars_format::fixed);
    if (error != std::errc{}) return {};
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return value;
  }
  bool next_is(char c) const { return !text_.empty() && text_[0] == c; }
  bool next_is_letter() const { return !text_.empty() && is_letter(text_[0]); }
  bool next_is_separator() const {
    return !text_.empty() && std::string_view("-/.").find(text_[0]) != std::string_view::npos;
  }
  // "-Oct", ". Oktober", " Oct"
  bool separator_before_letter() const {
    const size_t next = text_.find_first_not_of("-/. ");
    return next != std::string_view::npos && is_letter(text_[next]);
  }
  bool has_digits() const { return text_.find_first_of("0123456789") != std::string_view::npos; }
  // The letters that come next, in lower case (ASCII), and the point of an abbreviation.
  std::string take_word() {
    std::string word;
    while (next_is_letter()) {
      word += lower(text_[0]);
      text_.remove_prefix(1);
    }
    return word;
  }
  void take_word_if(std::string_view word) {
    if (text_.starts_with(word) && text_.size() > word.size() && text_[word.size()] == ' ')
      text_.remove_prefix(word.size());
  }
  // st, nd, rd or th
  void take_ordinal() {
    for (const std::string_view ending : {"st", "nd", "rd", "th"}) {
      if (text_.starts_with(ending)) return text_.remove_prefix(ending.size());
    }
  }

 private:
  std::string_view text_;
};

// --- names of months

constexpr std::string_view kMonthNames[12][7] = {
    {"january", "januar", "janvier", "enero", "gennaio", "janeiro", "januari"},
    {"february", "februar", "f\u00e9vrier", "febrero", "febbraio", "fevereiro", "fevrier"},
    {"march", "m\u00e4rz", "mars", "marzo", "mrz", "mar\u00e7o", "maart"},
    {"april", "april", "avril", "abril", "aprile", "abr", "april"},
    {"may", "mai", "mai", "mayo", "maggio", "maio", "mei"},
    {"june", "juni", "juin", "junio", "giugno", "junho", "juni"},
    {"july", "juli", "juillet", "julio", "luglio", "julho", "juli"},
    {"august", "august", "ao\u00fbt", "agosto", "agosto", "agosto", "augustus"},
    {"september", "september", "septembre", "septiembre", "settembre", "setembro", "sept"},
    {"october", "oktober", "octobre", "octubre", "ottobre", "outubro", "oktober"},
    {"november", "november", "novembre", "noviembre", "novembre", "novembro", "november"},
    {"december", "dezember", "d\u00e9cembre", "diciembre", "dicembre", "dezembro", "decembre"}};
constexpr std::string_view kWeekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

// At least three letters, the start of `name`.
bool abbreviates(std::string_view word, std::string_view name) { return word.size() >= 3 && name.starts_with(word); }

// 1 to 12, or 0.
int month_of(std::string_view word) {
  for (int month = 0; month < 12; ++month) {
    for (const std::string_view name : kMonthNames[month]) {
      if (abbreviates(word, name)) return month + 1;
    }
  }
  return 0;
}

// --- calendar dates

// The numbers of a date as they stand, before their meaning is settled.
struct Calendar {
  enum class Layout { kYearMonthDay, kDayMonthYear, kByOrder };
  int first = 0, second = 0, third = 0;
  Layout layout = Layout::kByOrder;
  bool has_short_year = false;  // two digits: the third number, or the first by order
  bool second_is_named = false;
};

int full_year(int year, bool is_short) { return !is_short ? year : year + (year < 69 ? 2000 : 1900); }

std::optional<double> days_of(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 1 || !date.ok()) return {};
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<double> days_of(const Calendar& date, DateOrder order) {
  using Layout = Calendar::Layout;
  if (date.layout == Layout::kYearMonthDay) return days_of(date.first, date.second, date.third);
  if (date.layout == Layout::kByOrder && order == DateOrder::kYearFirst && date.has_short_year)
    return days_of(full_year(date.first, true), date.second, date.third);
  const int year = full_year(date.third, date.has_short_year);
  if (date.layout == Layout::kDayMonthYear || date.second_is_named || order == DateOrder::kDayFirst)
    return days_of(year, date.second, date.first);
  return days_of(year, date.first, date.second);
}

// "-", "/", ".", blanks, or a point and blanks; none between digits and letters (03Oct2020) is a separator too.
void take_loose_separator(Cursor& cursor) {
  cursor.take_any_of("-/.,");
  cursor.take_blanks();
  cursor.take_word_if("de");
  cursor.take_blanks();
}

// A year of four digits, or of two, perhaps after an apostrophe.
std::optional<int> take_year(Cursor& cursor, bool& is_short) {
  cursor.take_any_of("'");
  const auto year = cursor.take_digits(2, 4);
  if (!year || year->count == 3) return {};
  is_short = year->count == 2;
  return year->value;
}

// What follows a month's name that comes first: "3, 2020", "3rd 20", "2020", "-20".
std::optional<Calendar> take_after_month(Cursor& cursor, int month) {
  Calendar date{.second = month, .layout = Calendar::Layout::kDayMonthYear, .second_is_named = true};
  const bool is_dashed = cursor.next_is('-');
  take_loose_separator(cursor);
  const bool marks_year = cursor.take_any_of("'") != '\0' || is_dashed;
  const auto number = cursor.take_digits(1, 4);
  if (!number || number->count == 3) return {};
  const bool is_last = cursor.at_end() || !cursor.has_digits();
  if (number->count == 4 || (is_last && number->count == 2 && marks_year)) {
    date.first = 1;
    date.third = number->value;
    date.has_short_year = number->count == 2;
    return date;
  }
  date.first = number->value;
  cursor.take_ordinal();
  take_loose_separator(cursor);
  const auto year = take_year(cursor, date.has_short_year);
  if (!year) return {};
  date.third = *year;
  return date;
}

// What follows a number when letters come next: "Oct-2020" after 3, "Oct-03" after 2020.
std::optional<Calendar> take_named_month(Cursor& cursor, int number, bool is_year) {
  const int month = month_of(cursor.take_word());
  if (month == 0) return {};
  Calendar date{.first = number, .second = month, .second_is_named = true};
  take_loose_separator(cursor);
  if (is_year) {
    const auto day = cursor.take_digits(1, 2);
    if (!day) return {};
    date.layout = Calendar::Layout::kYearMonthDay;
    date.third = day->value;
    return date;
  }
  const auto year = take_year(cursor, date.has_short_year);
  if (!year) return {};
  date.third = *year;
  if (!date.has_short_year) date.layout = Calendar::Layout::kDayMonthYear;
  return date;
}

std::optional<Calendar> take_calendar(Cursor& cursor) {
  using Layout = Calendar::Layout;
  if (cursor.next_is_letter()) {
    std::string word = cursor.take_word();
    if (std::any_of(std::begin(kWeekdays), std::end(kWeekdays), [&](auto day) { return abbreviates(word, day); })) {
      take_loose_separator(cursor);
      if (!cursor.next_is_letter()) return take_calendar(cursor);
      word = cursor.take_word();
    }
    const int month = month_of(word);
    return month > 0 ? take_after_month(cursor, month) : std::nullopt;
  }
  const auto first = cursor.take_digits(1, 4);
  if (!first || first->count == 3) return {};
  const bool year_first = first->count == 4;
  if (!cursor.next_is_separator() || cursor.separator_before_letter()) {
    if (!year_first) cursor.take_ordinal();
    take_loose_separator(cursor);
    return take_named_month(cursor, first->value, year_first);
  }
  const char separator = cursor.take_any_of("-/.");
  const auto second = cursor.take_digits(1, 2);
  if (!second || cursor.take_any_of({&separator, 1}) != separator) return {};
  Calendar date{.first = first->value, .second = second->value};
  const auto third = year_first ? cursor.take_digits(1, 2) : cursor.take_digits(2, 4);
  if (!third || third->count == 3) return {};
  date.third = third->value;
  date.has_short_year = !year_first && third->count == 2;
  if (year_first) date.layout = Layout::kYearMonthDay;
  if (!year_first && separator == '.') date.layout = Layout::kDayMonthYear;
  return date;
}

std::optional<double> take_clock_seconds(Cursor& cursor) {
  const auto hour = cursor.take_digits(1, 2);
  if (!hour || !cursor.take_any_of(":")) return {};
  const auto minute = cursor.take_digits(2, 2);
  if (!minute) return {};
  double second = 0;
  if (cursor.take_any_of(":")) {
    const auto whole = cursor.take_digits(2, 2);
    if (!whole) return {};
    second = whole->value;
    if (cursor.next_is('.')) {
      const auto fraction = cursor.take_fraction();
      if (!fraction) return {};
      second += *fraction;
    }
  }
  cursor.take_blanks();
  int hours = hour->value;
  if (const char half = cursor.take_any_of("AaPp")) {
    if (!cursor.take_any_of("Mm") || hours < 1 || hours > 12) return {};
    hours = hours % 12 + (half == 'P' || half == 'p' ? 12 : 0);
    cursor.take_blanks();
  }
  if (hours > 23 || minute->value > 59 || second >= 61) return {};
  return hours * 3600 + minute->value * 60 + second;
}

// Seconds east of UTC.
std::optional<double> take_zone_seconds(Cursor& cursor) {
  if (cursor.at_end() || cursor.take_any_of("Zz")) return 0;
  const char sign = cursor.take_any_of("+-");
  if (!sign) return {};
  const auto hours = cursor.take_digits(2, 2);
  if (!hours) return {};
  int minutes = 0;
  if (!cursor.at_end()) {
    cursor.take_any_of(":");
    const auto digits = cursor.take_digits(2, 2);
    if (!digits) return {};
    minutes = digits->value;
  }
  if (hours->value > 23 || minutes > 59) return {};
  return (sign == '-' ? -1 : 1) * (hours->value * 3600 + minutes * 60);
}

// Whether a cell could be a date at all; tells most texts from dates by their ends.
bool looks_like_date(std::string_view text) {
  constexpr size_t kShortest = 6, kLongest = 48;  // 1/1/00
  if (text.size() < kShortest || text.size() > kLongest) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const char last = text.back();
  if (!is_digit(last) && std::string_view("MmZz").find(last) == std::string_view::npos) return false;
  return is_digit(text[0]) || std::string_view("jfmasondegtw").find(lower(text[0])) != std::string_view::npos;
}

// A date without its order, and the days that its time and zone add.
struct DateParts {
  Calendar calendar;
  double time_days = 0;
};
std::optional<DateParts> parse_parts(std::string_view cell) {
  const std::string_view text = trim_blanks(cell);
  if (!looks_like_date(text)) return {};
  Cursor cursor(text);
  const auto calendar = take_calendar(cursor);
  if (!calendar) return {};
  if (cursor.at_end()) return DateParts{*calendar};
  if (!cursor.take_any_of("Tt") && !cursor.take_blanks()) return {};
  const auto clock = take_clock_seconds(cursor);
  if (!clock) return {};
  const auto zone = take_zone_seconds(cursor);
  if (!zone || !cursor.at_end()) return {};
  return DateParts{*calendar, (*clock - *zone) / kSecondsPerDay};
}

std::optional<double> in_order(const DateParts& parts, DateOrder order) {
  const auto days = days_of(parts.calendar, order);
  return days ? std::optional(*days + parts.time_days) : std::nullopt;
}

}  // namespace

std::optional<double> parse_date(std::string_view cell, DateOrder order) {
  const auto parts = parse_parts(cell);
  return parts ? in_order(*parts, order) : std::nullopt;
}

DateReadings parse_date_all_orders(std::string_view cell) {
  DateReadings readings;
  const auto parts = parse_parts(cell);
  if (!parts) return readings;
  const Calendar& date = parts->calendar;
  readings.has_short_year = date.has_short_year && !date.second_is_named && date.layout == Calendar::Layout::kByOrder;
  readings.in_order.fill(in_order(*parts, DateOrder::kMonthFirst));
  if (date.layout != Calendar::Layout::kByOrder) return readings;
  readings.in_order[static_cast<size_t>(DateOrder::kDayFirst)] = in_order(*parts, DateOrder::kDayFirst);
  readings.in_order[static_cast<size_t>(DateOrder::kYearFirst)] = in_order(*parts, DateOrder::kYearFirst);
  return readings;
}

std::string format_date(double days) {
  const auto seconds = static_cast<int64_t>(std::llround(days * kSecondsPerDay));
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  std::string text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const std::chrono::hh_mm_ss clock{time - day};
  if (time != day) {
    text += fmt::format(" {:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  }
  return text;
}

}  // namespace manyshot
