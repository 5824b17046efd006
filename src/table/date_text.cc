#include "table/date_text.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace manyshot {

void write_day(int64_t days, std::string& out) {
  constexpr int64_t kFirst = -719'162, kLast = 2'932'896;  // 0001-01-01, 9999-12-31
  if (days < kFirst || days > kLast) {
    fmt::format_to(std::back_inserter(out), "day {}", days);
    return;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

void write_timestamp(int64_t ticks, int64_t per_second, bool has_zone, std::string& out) {
  const int64_t per_day = per_second * 86'400;
  const int64_t days = ticks / per_day - (ticks % per_day < 0 ? 1 : 0);
  const int64_t in_day =
      ticks % per_day + (ticks % per_day < 0 ? per_day : 0);  // ticks - days * per_day might overflow
  const int64_t seconds = in_day / per_second;
  write_day(days, out);
  fmt::format_to(std::back_inserter(out), "T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (const int64_t rest = in_day % per_second; rest > 0) {
    const std::string digits = fmt::format("{}", per_second + rest);  // a one, then the fraction with its leading zeros
    out.append(".").append(digits, 1, digits.find_last_not_of('0'));
  }
  if (has_zone) out += 'Z';
}

}  // namespace manyshot
