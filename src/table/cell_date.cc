// Dates of cell_values.h.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>

#include "table/cell_values.h"

namespace manyshot {
namespace {

constexpr double kSecondsPerDay = 86'400;

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

 private:
  std::string_view text_;
};

std::optional<double> take_calendar_days(Cursor& cursor, DateOrder order) {
  const auto first = cursor.take_digits(1, 4);
  if (!first || first->count == 3) return {};
  const char separator = cursor.take_any_of("-/.");
  if (!separator) return {};
  const auto second = cursor.take_digits(1, 2);
  if (!second || cursor.take_any_of({&separator, 1}) != separator) return {};
  const bool year_first = first->count == 4;
  const auto third = year_first ? cursor.take_digits(1, 2) : cursor.take_digits(4, 4);
  if (!third) return {};

  const bool day_first = !year_first && (separator == '.' || order == DateOrder::kDayFirst);
  const int year = year_first ? first->value : third->value;
  const int month = year_first || day_first ? second->value : first->value;
  const int day = year_first ? third->value : day_first ? first->value : second->value;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 1 || !date.ok()) return {};
  return std::chrono::sys_days(date).time_since_epoch().count();
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

}  // namespace

std::optional<double> parse_date(std::string_view cell, DateOrder order) {
  const std::string_view text = trim_blanks(cell);
  if (text.size() < 8 || text[0] < '0' || text[0] > '9') return {};  // the shortest is 1/1/2000
  Cursor cursor(text);
  const auto days = take_calendar_days(cursor, order);
  if (!days || cursor.at_end()) return days;
  if (!cursor.take_any_of("Tt") && !cursor.take_blanks()) return {};
  const auto clock = take_clock_seconds(cursor);
  if (!clock) return {};
  const auto zone = take_zone_seconds(cursor);
  if (!zone || !cursor.at_end()) return {};
  return *days + (*clock - *zone) / kSecondsPerDay;
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
