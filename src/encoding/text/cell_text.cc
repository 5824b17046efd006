#include "encoding/text/cell_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/rng.h"
#include "encoding/number_code.h"

namespace manyshot {
namespace {

constexpr std::string_view kMissingText = "nan", kUnseenText = "new";

// arXiv 2509.06806, section 2.4.2.
int paper_code(double z) {
  return static_cast<int>(std::clamp(std::floor(kCodesPerDeviation * z + 500.5), 0.0, double{kNumCodes - 1}));
}

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

CellText CellText::of_lines(const Table& shots, int digits, bool has_words) {
  CellText text(shots, NumberText::kPaper);
  text.line_digits_ = digits;
  text.has_words_ = has_words;
  for (size_t number = 0; number < shots.columns.size(); ++number) {
    const Column& column = shots.columns[number];
    ColumnText& own = text.columns_[number];
    if (!own.is_text) {
      own.ranks = RankScale::fit(column.numbers);
      continue;
    }
    for (size_t row = 0; row < shots.num_rows; ++row) {
      if (!column.is_missing(row))
        own.places.try_emplace(column.categories[static_cast<size_t>(column.codes[row])], own.places.size());
    }
  }
  return text;
}

std::string CellText::number_text(const ColumnText& text, double value, NumberScale scale) const {
  double z = 0;
  if (scale == NumberScale::kRanks) {
    z = text.ranks.score(value);
  } else if (text.deviation > 0) {
    z = (value - text.mean) / text.deviation;
  }
  int code = paper_code(z);
  for (int digit = line_digits_; digit < kPaperDigits; ++digit) code /= 10;
  return fmt::format("{:0{}}", code, line_digits_);
}

// As many letters as the categories need, each the same number.
std::string CellText::letters(const ColumnText& text, const std::string& category, uint64_t shift) const {
  constexpr size_t kLetters = 26;
  const auto found = text.places.find(category);
  if (found == text.places.end()) return std::string(kUnseenText);
  size_t place = (found->second + shift) % text.places.size();
  std::string result;
  for (size_t left = text.places.size() - 1;; left /= kLetters) {
    result.insert(result.begin(), static_cast<char>('A' + place % kLetters));
    place /= kLetters;
    if (left < kLetters) return result;
  }
}

std::string CellText::cell(const Table& table, size_t row, size_t column, const TaskView& view) const {
  const ColumnText& text = columns_[column];
  if (text.is_text) {
    if (table.columns[column].is_missing(row)) return std::string(kMissingText);
    std::string result = table.columns[column].categories[static_cast<size_t>(table.columns[column].codes[row])];
    if (!has_words_) return letters(text, result, Rng(view.category_seed).child("letters", column).bits(0) >> 1);
    for (char& c : result) {
      if (c == ',' || c == '\n' || c == '\r') c = ' ';
    }
    return result;
  }
  const double value = table.columns[column].numbers[row];
  if (line_digits_ > 0) return std::isnan(value) ? std::string(kMissingText) : number_text(text, value, view.scale);
  if (style_ == NumberText::kPaper) {
    const double z = std::isnan(value) || text.deviation == 0 ? 0 : (value - text.mean) / text.deviation;
    return fmt::format("{}", paper_code(z));
  }
  const double z =
      std::isnan(value) ? 0 : std::clamp((value - text.mean) / std::max(text.deviation, 1e-6), -1000.0, 1000.0);
  return fmt::format("{}{}", static_cast<long>(std::max(0.0, 120 * z + 500)), text.has_point ? ".0" : "");
}

}  // namespace manyshot
