#include "encoding/parts/date_parts.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <set>
#include <string_view>

namespace manyshot {
namespace {

struct NamedPart {
  DatePart part;
  std::string_view name;
};
constexpr auto kParts = std::to_array<NamedPart>({{DatePart::kYear, "year"},
                                                  {DatePart::kMonth, "month"},
                                                  {DatePart::kWeekday, "day of the week"},
                                                  {DatePart::kHour, "hour"},
                                                  {DatePart::kSeasonSine, "season, sine"},
                                                  {DatePart::kSeasonCosine, "season, cosine"}});
constexpr size_t kLeastMonths = 3;   // for a season
constexpr double kMostDays = 7.3e6;  // from 1970, either way: what the calendar's numbers hold
constexpr double kDaysOfYear = 365.2425;

// `days`: since 1970-01-01, the time of the day as a fraction.
double part_of(DatePart part, double days) {
  if (!(std::abs(days) < kMostDays)) return kMissingNumber;
  const double day = std::floor(days);
  const std::chrono::sys_days date{std::chrono::days{static_cast<int>(day)}};
  const std::chrono::year_month_day calendar(date);
  const auto share_of_year = [&] {
    const std::chrono::sys_days new_year{calendar.year() / std::chrono::January / 1};
    return 2 * std::numbers::pi * static_cast<double>((date - new_year).count()) / kDaysOfYear;
  };
  switch (part) {
    case DatePart::kYear:
      return static_cast<int>(calendar.year());
    case DatePart::kMonth:
      return static_cast<unsigned>(calendar.month());
    case DatePart::kWeekday:
      return std::chrono::weekday(date).iso_encoding() - 1;
    case DatePart::kHour: {
      constexpr double kHalfASecond = 1 / 172'800.0;  // times are fractions, and rounded
      return std::min(std::floor(24 * (days - day + kHalfASecond)), 23.0);
    }
    case DatePart::kSeasonSine:
      return std::sin(share_of_year());
    case DatePart::kSeasonCosine:
      return std::cos(share_of_year());
  }
  return kMissingNumber;
}

// Each row's centred targets by the mean of the rows of its value in the other folds, as if three more had no effect.
Gain gain_of_levels(const std::vector<double>& levels, const ScoredTargets& targets) {
  constexpr double kRowsOfNoEffect = 3;
  const size_t num_rows = levels.size(), width = targets.width;
  std::vector<double> values = targets.values, means(width), held_out(values.size());
  for (size_t i = 0; i < values.size(); ++i) means[i % width] += values[i] / static_cast<double>(num_rows);
  for (size_t i = 0; i < values.size(); ++i) values[i] -= means[i % width];
  for (size_t fold = 0; fold < kHeldOutFolds; ++fold) {
    std::map<double, std::vector<double>> sums;  // by level: of each place, then the rows
    for (size_t i = 0; i < num_rows; ++i) {
      const size_t row = targets.strata[i];
      if (i % kHeldOutFolds == fold || std::isnan(levels[row])) continue;
      std::vector<double>& sum = sums.try_emplace(levels[row], width + 1).first->second;
      for (size_t k = 0; k < width; ++k) sum[k] += values[row * width + k];
      ++sum[width];
    }
    for (size_t i = fold; i < num_rows; i += kHeldOutFolds) {
      const size_t row = targets.strata[i];
      const auto found = sums.find(levels[row]);
      if (std::isnan(levels[row]) || found == sums.end()) continue;
      for (size_t k = 0; k < width; ++k)
        held_out[row * width + k] = found->second[k] / (found->second[width] + kRowsOfNoEffect);
    }
  }
  std::vector<size_t> places(width);
  std::iota(places.begin(), places.end(), size_t{0});
  return gain_of(held_out, values, width, places);
}

}  // namespace

DateParts DateParts::fit(const Column& shots) {
  const auto different = [&](DatePart part) {
    std::set<double> values;
    for (const double days : shots.numbers) {
      const double value = part_of(part, days);
      if (!std::isnan(value)) values.insert(value);
    }
    return values.size();
  };
  DateParts result;
  for (const auto& [part, name] : kParts) {
    const bool is_season = part == DatePart::kSeasonSine || part == DatePart::kSeasonCosine;
    if (is_season ? different(DatePart::kMonth) >= kLeastMonths : different(part) >= 2) result.parts_.push_back(part);
  }
  return result;
}

DateParts DateParts::that_help(const Column& shots, const ScoredTargets& targets) const {
  DateParts result;
  if (shots.numbers.size() < kLeastHeldOutRows || targets.width == 0) return result;
  bool has_month = false;
  for (const DatePart part : parts_) {
    const bool is_season = part == DatePart::kSeasonSine || part == DatePart::kSeasonCosine;
    std::vector<double> levels;
    for (const double days : shots.numbers) levels.push_back(part_of(part, days));
    if (is_season ? !has_month : !gain_of_levels(levels, targets).helps()) continue;
    result.parts_.push_back(part);
    has_month = has_month || part == DatePart::kMonth;
  }
  return result;
}

std::vector<Column> DateParts::columns(const Column& dates, size_t num_rows) const {
  std::vector<Column> columns;
  for (const DatePart part : parts_) {
    const auto named = std::ranges::find(kParts, part, &NamedPart::part);
    Column& column = columns.emplace_back(Column{.name = dates.name + ": " + std::string(named->name)});
    column.numbers.assign(num_rows, kMissingNumber);
    for (size_t row = 0; row < dates.numbers.size(); ++row) column.numbers[row] = part_of(part, dates.numbers[row]);
  }
  return columns;
}

void DateParts::write(ByteWriter& writer) const {
  writer.number<uint64_t>(parts_.size());
  for (const DatePart part : parts_) writer.number(static_cast<uint8_t>(part));
}

DateParts DateParts::read(ByteReader& reader) {
  DateParts result;
  for (const uint8_t part : reader.list<uint8_t>()) {
    if (part > static_cast<uint8_t>(DatePart::kSeasonCosine)) reader.refuse("has an unknown part of a date");
    result.parts_.push_back(static_cast<DatePart>(part));
  }
  return result;
}

}  // namespace manyshot
