#include "predict/number_target.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "table/cell_values.h"
#include "table/column_profile.h"

namespace manyshot {
namespace {

constexpr double kLargest = 1e100;  // beyond it squares of squares are no numbers any more

bool is_missing(std::string_view cell, const ColumnSchema& schema) {
  return is_missing_word(cell) || is_machine_word(cell) ||
         std::ranges::any_of(schema.gap_marks, [&](const GapMark& mark) { return mark.spelling == cell; });
}

std::optional<double> usable_number(std::string_view cell, const ColumnSchema& schema) {
  const std::optional<double> number = number_in(cell, schema);
  return number && std::abs(*number) <= kLargest ? number : std::nullopt;
}

// Where the target holds what is no number: the first rows, each with its cell.
struct OddCells {
  uint64_t count = 0;
  std::vector<std::string> shown;
};

OddCells find_odd_cells(const TableFile& file, const NumberColumn& column, const ColumnSchema& label) {
  constexpr size_t kShown = 5;
  OddCells odd;
  scan_table(file, {.columns = {label}}, /*chunk_rows=*/65'536, nullptr, [&](const Table& chunk, uint64_t first_row) {
    const Column& cells = chunk.columns.front();
    for (size_t row = 0; row < chunk.num_rows; ++row) {
      if (cells.is_missing(row)) continue;
      const std::string& cell = cells.categories[static_cast<size_t>(cells.codes[row])];
      if (usable_number(cell, column.schema) || is_missing(cell, column.schema)) continue;
      if (++odd.count <= kShown) odd.shown.push_back(fmt::format("row {} \"{}\"", first_row + row, excerpt(cell, 40)));
    }
  });
  return odd;
}

}  // namespace

bool NumberColumn::looks_like_number(uint64_t labelled_rows) const {
  constexpr uint64_t kMostClasses = 20, kMostWholeClasses = 50;
  return distinct > kMostClasses && (has_decimals || distinct > kMostWholeClasses || distinct * 20 > labelled_rows);
}

std::optional<NumberColumn> as_numbers(const ColumnSchema& label, bool semicolon_separated) {
  if (label.is_typed_text) return std::nullopt;
  ColumnProfile profile(label.name, {});
  const std::vector<std::string_view> spellings(label.categories.begin(), label.categories.end());
  profile.add(spellings, 0);
  NumberColumn column{.schema = profile.finish(semicolon_separated)};
  if (column.schema.type != ColumnType::kNumeric || column.schema.present == 0) return std::nullopt;
  std::set<double> numbers;
  for (const std::string_view spelling : spellings) {
    const std::optional<double> number = usable_number(spelling, column.schema);
    if (!number) continue;
    numbers.insert(*number);
    column.has_decimals = column.has_decimals || *number != std::floor(*number);
  }
  column.distinct = numbers.size();
  return column;
}

std::vector<double> read_numbers(const TableFile& file, const std::string& path, const NumberColumn& column,
                                 const ColumnSchema& label) {
  if (const OddCells odd = find_odd_cells(file, column, label); odd.count > 0) {
    fail(ErrorKind::kBadInput,
         "{}: column \"{}\" is to be predicted as a number, and {} no number that can be used: {}{}; correct them, "
         "leave "
         "them empty for rows without a value, or take each value as a class: --task classification",
         path, label.name, odd.count == 1 ? "1 cell holds" : fmt::format("{} cells hold", with_thousands(odd.count)),
         fmt::join(odd.shown, ", "), odd.count > odd.shown.size() ? ", …" : "");
  }
  if (column.distinct == 1) {
    fail(ErrorKind::kBadInput,
         "{}: column \"{}\" has the same number, {}, in all of its {} rows with a value: there is nothing to predict; "
         "give --target another column",
         path, label.name, label.categories.front(), with_thousands(label.present));
  }
  std::vector<double> numbers;
  scan_table(file, {.columns = {column.schema}}, /*chunk_rows=*/65'536, nullptr, [&](const Table& chunk, uint64_t) {
    const std::vector<double>& values = chunk.columns.front().numbers;
    numbers.insert(numbers.end(), values.begin(), values.end());
  });
  return numbers;
}

}  // namespace manyshot
