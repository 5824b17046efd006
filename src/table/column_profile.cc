#include "table/column_profile.h"

#include <algorithm>
#include <cmath>

namespace manyshot {
namespace {

constexpr size_t kExamples = 3;
constexpr uint64_t kLeastCategories = 5;

}  // namespace

void ColumnProfile::Reading::add(std::optional<double> value, std::string_view cell, uint64_t row, uint64_t count) {
  if (value && std::isfinite(*value)) {
    finite += count;
    minimum = std::min(minimum, *value);
    maximum = std::max(maximum, *value);
    sum += *value * static_cast<double>(count);
    return;
  }
  if (value) infinite += count;
  if (row < first_unreadable_row) {
    first_unreadable = cell;
    first_unreadable_row = row;
  }
}

void ColumnProfile::add(std::span<const std::string_view> cells, uint64_t first_row) {
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string_view cell = cells[i];
    if (!cell.data()) {
      ++missing_;
      continue;
    }
    ++present_;
    if (too_many_spellings_) {
      read_cell(cell, first_row + i, 1);
      continue;
    }
    const auto spelling = static_cast<size_t>(spellings_.insert(cell));
    if (spelling == counts_.size()) counts_.push_back({0, first_row + i});
    ++counts_[spelling].cells;
    if (spelling == kMaxTrackedDistinct && !is_label_) read_spellings();
  }
}

// Reads the spellings counted so far; when they are too many, forgets them.
void ColumnProfile::read_spellings() {
  for (size_t i = 0; i < counts_.size(); ++i) read_cell(spellings_[i], counts_[i].first_row, counts_[i].cells);
  for (size_t i = 0; i < std::min(kExamples, counts_.size()); ++i) examples_.emplace_back(spellings_[i]);
  too_many_spellings_ = !is_label_ && counts_.size() > kMaxTrackedDistinct;
  if (!too_many_spellings_) return;
  spellings_.release();
  counts_ = {};
}

void ColumnProfile::read_cell(std::string_view cell, uint64_t row, uint64_t count) {
  const NumberReadings number = parse_number_both_styles(cell);
  point_.add(number.point, cell, row, count);
  comma_.add(number.comma, cell, row, count);
  if (number.point || number.comma) {
    uint64_t& styles = !number.comma ? only_point_ : !number.point ? only_comma_ : either_style_;
    if (number.point != number.comma) styles += count;
    month_first_.add({}, cell, row, count);
    day_first_.add({}, cell, row, count);
    return;
  }
  month_first_.add(parse_date(cell, DateOrder::kMonthFirst), cell, row, count);
  day_first_.add(parse_date(cell, DateOrder::kDayFirst), cell, row, count);
  if (const auto word = parse_boolean_word(cell)) words_[static_cast<size_t>(word->pair)][word->value] += count;
}

// The style that reads more cells; where none tells, "1,234" is a decimal comma only in semicolon-separated files.
NumberStyle ColumnProfile::number_style(bool semicolon_separated) const {
  const bool undecided = only_point_ == 0 && only_comma_ == 0 && either_style_ > 0;
  return only_comma_ > only_point_ || (undecided && semicolon_separated) ? NumberStyle::kComma : NumberStyle::kPoint;
}

bool ColumnProfile::is_boolean() const {
  return std::any_of(words_.begin(), words_.end(), [this](const auto& pair) { return pair[0] + pair[1] == present_; });
}

void ColumnProfile::describe(const Reading& reading, ColumnType type, ColumnSchema& schema) const {
  schema.type = type;
  schema.unreadable = present_ - reading.finite;
  schema.missing += schema.unreadable;
  if (schema.unreadable > 0) {
    schema.first_unreadable = reading.first_unreadable;
    schema.first_unreadable_row = reading.first_unreadable_row;
  }
  if (reading.finite == 0) return;
  schema.minimum = reading.minimum;
  schema.maximum = reading.maximum;
  schema.mean = reading.sum / static_cast<double>(reading.finite);
}

void ColumnProfile::describe_boolean(ColumnSchema& schema) const {
  schema.type = ColumnType::kBoolean;
  uint64_t num_true = 0;
  for (const auto& pair : words_) num_true += pair[1];
  schema.minimum = num_true == present_ ? 1 : 0;
  schema.maximum = num_true > 0 ? 1 : 0;
  schema.mean = static_cast<double>(num_true) / static_cast<double>(present_);
}

void ColumnProfile::describe_strings(ColumnSchema& schema) {
  const uint64_t limit = std::max(kLeastCategories, std::min(kMaxTrackedDistinct, present_ / 2));
  schema.type = is_label_ || schema.distinct <= limit ? ColumnType::kCategorical : ColumnType::kText;
  if (schema.type == ColumnType::kText) return;
  for (size_t i = 0; i < spellings_.size(); ++i) schema.categories.emplace_back(spellings_[i]);
  std::sort(schema.categories.begin(), schema.categories.end());
}

ColumnSchema ColumnProfile::finish(bool semicolon_separated) {
  if (!too_many_spellings_) read_spellings();
  ColumnSchema schema;
  schema.name = std::move(name_);
  schema.missing = missing_;
  schema.distinct = too_many_spellings_ ? kMaxTrackedDistinct + 1 : spellings_.size();
  schema.examples = std::move(examples_);

  const NumberStyle style = number_style(semicolon_separated);
  const Reading& numbers = style == NumberStyle::kPoint ? point_ : comma_;
  const bool month_first = month_first_.finite >= day_first_.finite;
  const Reading& dates = month_first ? month_first_ : day_first_;
  if (is_label_) {
    describe_strings(schema);
  } else if (present_ == 0) {
    schema.type = ColumnType::kNumeric;
  } else if (is_boolean()) {
    describe_boolean(schema);
  } else if (numbers.covers(present_)) {
    schema.number_style = style;
    describe(numbers, ColumnType::kNumeric, schema);
  } else if (dates.covers(present_)) {
    schema.date_order = month_first ? DateOrder::kMonthFirst : DateOrder::kDayFirst;
    schema.date_order_guessed = month_first_.finite == day_first_.finite && month_first_.sum != day_first_.sum;
    describe(dates, ColumnType::kDate, schema);
  } else {
    describe_strings(schema);
  }
  return schema;
}

}  // namespace manyshot
