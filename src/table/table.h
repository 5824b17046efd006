// Table, which stages hand to each other: typed columns in memory, missing cells kept, text kept as spelt.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

// What a column holds. The names (column_type_name) reach files and printed reports.
enum class ColumnType {
  kNumeric,      // integers, decimals, scientific notation
  kBoolean,      // true/false, yes/no and the like; numbers 0 and 1
  kDate,         // dates and timestamps; days since 1970-01-01 UTC, with the time as a fraction
  kCategorical,  // few distinct strings
  kText,         // many distinct strings: names, ids, free text
};
std::string_view column_type_name(ColumnType type);  // "numeric", "boolean", "date", "categorical", "text"

inline constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();
inline constexpr int32_t kMissingCode = -1;

// One column of N rows. Numeric, boolean and date columns fill `numbers` (NaN: missing); categorical and text columns
// fill `codes`, indices into `categories` (-1: missing).
struct Column {
  std::string name;
  ColumnType type = ColumnType::kNumeric;
  std::vector<double> numbers;          // [N] or empty
  std::vector<int32_t> codes;           // [N] or empty
  std::vector<std::string> categories;  // distinct strings as spelt in the file
  int32_t share_of = -1;                // the class whose probability, as another model has it, stands here; -1: none's

  bool is_number() const { return type <= ColumnType::kDate; }
  bool is_missing(size_t row) const { return is_number() ? numbers[row] != numbers[row] : codes[row] == kMissingCode; }
};

struct Table {
  std::vector<Column> columns;
  size_t num_rows = 0;
};

}  // namespace manyshot
