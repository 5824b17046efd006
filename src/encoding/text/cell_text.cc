#include "encoding/text/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "encoding/number_code.h"

namespace manyshot {
namespace {

bool is_integer(double value) { return std::isnan(value) ? false : value == std::trunc(value); }

// Mean and n - 1 standard deviation of the present values; one value alone has deviation 1, as in the published code.
std::pair<double, double> mean_and_deviation(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  if (count == 0) return {0, 0};
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values) {
    if (!std::isnan(value)) squares += (value - mean) * (value - mean);
  }
  return {mean, count == 1 ? 1 : std::sqrt(squares / (count - 1))};
}

}  // namespace

CellText::CellText(const Table& shots, NumberText style) : style_(style) {
  bool any_text = false, any_point = false;
  for (const Column& column : shots.columns) {
    ColumnText text;
    text.is_text = !column.is_number();
    if (!text.is_text) {
      std::tie(text.mean, text.deviation) = mean_and_deviation(column.numbers);
      text.has_point = !std::all_of(column.numbers.begin(), column.numbers.end(), is_integer);
    }
    any_text = any_text || text.is_text;
    any_point = any_point || text.has_point;
    columns_.push_back(text);
  }
  if (!any_text && any_point) {
    for (ColumnText& text : columns_) text.has_point = true;
  }
}

std::string CellText::cell(const Table& table, size_t row, size_t column) const {
  const ColumnText& text = columns_[column];
  if (text.is_text) {
    if (table.columns[column].is_missing(row)) return "nan";
    std::string result = table.columns[column].categories[static_cast<size_t>(table.columns[column].codes[row])];
    for (char& c : result) {
      if (c == ',' || c == '\n' || c == '\r') c = ' ';
    }
    return result;
  }
  const double value = table.columns[column].numbers[row];
  if (style_ == NumberText::kPaper) {
    const double z = std::isnan(value) || text.deviation == 0 ? 0 : (value - text.mean) / text.deviation;
    return fmt::format("{}", static_cast<int>(std::clamp(std::floor(120 * z + 500.5), 0.0, double{kNumCodes - 1})));
  }
  const double z =
      std::isnan(value) ? 0 : std::clamp((value - text.mean) / std::max(text.deviation, 1e-6), -1000.0, 1000.0);
  return fmt::format("{}{}", static_cast<long>(std::max(0.0, 120 * z + 500)), text.has_point ? ".0" : "");
}

}  // namespace manyshot
