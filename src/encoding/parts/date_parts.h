// What repeats in a column of dates, as columns of numbers beside the elapsed days: year, month (1 to 12), day of the
// week (Monday is 0), hour, and the season as the sine and cosine of the share of the year that has passed.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "encoding/parts/held_out.h"
#include "table/table.h"

namespace manyshot {

// The values reach fit files.
enum class DatePart : uint8_t { kYear, kMonth, kWeekday, kHour, kSeasonSine, kSeasonCosine };

class DateParts {
 public:
  // Those parts that have two different values in the labelled rows; the season where these have three months.
  // REQUIRES: a column of dates.
  static DateParts fit(const Column& shots);
  // Those of them whose values, each by the mean of its rows, help to predict `targets` (encoding/parts/held_out.h);
  // the season goes with the month.
  DateParts that_help(const Column& shots, const ScoredTargets& targets) const;

  bool empty() const { return parts_.empty(); }
  size_t size() const { return parts_.size(); }
  // One column of so many rows for each part, named "NAME: month". A missing date, one outside of 400 centuries, and
  // what is no date are missing.
  std::vector<Column> columns(const Column& dates, size_t num_rows) const;

  void write(ByteWriter& writer) const;
  static DateParts read(ByteReader& reader);

 private:
  std::vector<DatePart> parts_;
};

}  // namespace manyshot
