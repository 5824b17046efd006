#include "table/column_profile.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"

namespace manyshot {
namespace {

constexpr size_t kExamples = 3;
constexpr uint64_t kLeastCategories = 5;
constexpr size_t kMaxGroups = 24;
constexpr size_t kMaxTallies = 16;
// Strings that are no known gap marks count as such when they are at most this many, beside so many different numbers.
constexpr size_t kMaxUnknownGaps = 3;
constexpr uint64_t kLeastNumbersBesideUnknownGaps = 20;

constexpr DateOrder kOrders[kNumDateOrders] = {DateOrder::kMonthFirst, DateOrder::kDayFirst, DateOrder::kYearFirst};

// Counts `cells` of a spelling; false when there is no room for another one.
template <class Tallies>
bool tally(Tallies& tallies, std::string_view spelling, uint64_t cells) {
  const auto found =
      std::find_if(tallies.begin(), tallies.end(), [&](const auto& entry) { return entry.spelling == spelling; });
  if (found == tallies.end() && tallies.size() == kMaxTallies) return false;
  if (found != tallies.end()) {
    found->cells += cells;
  } else {
    tallies.push_back({std::string(spelling), cells});
  }
  return true;
}

}  // namespace

void ColumnProfile::Reading::add(std::optional<double> value, std::string_view cell, uint64_t row, uint64_t count,
                                 const ColumnSchema* range) {
  if (value && std::isfinite(*value)) {
    finite += count;
    minimum = std::min(minimum, *value);
    maximum = std::max(maximum, *value);
    sum += *value * static_cast<double>(count);
    if (range && *value >= range->minimum && *value <= range->maximum) inside += count;
    return;
  }
  if (value) infinite += count;
  first_unreadable.note(cell, row);
}

void ColumnProfile::Reading::add(const Reading& other) {
  finite += other.finite;
  infinite += other.infinite;
  inside += other.inside;
  minimum = std::min(minimum, other.minimum);
  maximum = std::max(maximum, other.maximum);
  sum += other.sum;
  first_unreadable.note(other.first_unreadable.cell, other.first_unreadable.row);
}

void ColumnProfile::Marks::add(const NumberReadings& value, uint64_t count) {
  if (value.point == value.comma) return;
  (!value.comma ? only_point : !value.point ? only_comma : either) += count;
}

// The mark that reads more cells; where none tells, "1,234" is a decimal comma only in semicolon-separated files.
DecimalMark ColumnProfile::Marks::decimal(bool semicolon_separated) const {
  const bool undecided = only_point == 0 && only_comma == 0 && either > 0;
  return only_comma > only_point || (undecided && semicolon_separated) ? DecimalMark::kComma : DecimalMark::kPoint;
}

bool ColumnProfile::is_missing_word(std::string_view cell) const {
  return !kind_.is_typed_text && manyshot::is_missing_word(cell);
}

void ColumnProfile::check_counting(std::string_view cell, uint64_t row) {
  const auto number = parse_exact<uint64_t>(cell);
  if (row == 0) first_counted_ = number;
  counts_rows_ = number && first_counted_ && *first_counted_ <= 1 && number == *first_counted_ + row;
}

void ColumnProfile::add(std::span<const std::string_view> cells, uint64_t first_row) {
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string_view cell = cells[i];
    if (counts_rows_) check_counting(cell, first_row + i);
    if (!cell.data() || (too_many_spellings_ && is_missing_word(cell))) {
      ++missing_;
      continue;
    }
    ++present_;
    if (too_many_spellings_) {
      read_cell(cell, first_row + i, 1);
      continue;
    }
    const auto spelling = static_cast<size_t>(spellings_.insert(cell));
    const bool is_new = spelling == counts_.size();
    if (is_new) {
      counts_.push_back({.first_row = first_row + i, .is_missing_word = is_missing_word(cell)});
      num_missing_words_ += counts_.back().is_missing_word;
    }
    ++counts_[spelling].cells;
    if (counts_[spelling].is_missing_word && !kind_.is_label) {
      --present_;
      ++missing_;
    } else if (is_new && num_distinct() > kMaxTrackedDistinct && !kind_.is_label) {
      read_spellings();
    }
  }
}

uint64_t ColumnProfile::num_distinct() const {
  return too_many_spellings_ ? kMaxTrackedDistinct + 1 : spellings_.size() - num_missing_words_;
}

// Reads the spellings counted so far; when they are too many, forgets them.
void ColumnProfile::read_spellings() {
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i].is_missing_word) continue;
    if (!kind_.is_label) read_cell(spellings_[i], counts_[i].first_row, counts_[i].cells);
    if (examples_.size() < kExamples) examples_.emplace_back(spellings_[i]);
  }
  too_many_spellings_ = !kind_.is_label && num_distinct() > kMaxTrackedDistinct;
  if (!too_many_spellings_) return;
  spellings_.release();
  counts_ = {};
}

void ColumnProfile::read_cell(std::string_view cell, uint64_t row, uint64_t count) {
  if (expected_ && expected_->type <= ColumnType::kDate)
    as_expected_.add(number_in(cell, *expected_), cell, row, count, expected_);
  if (read_number(cell, row, count)) return;
  const DateReadings dates = parse_date_all_orders(cell);
  if (std::any_of(dates.in_order.begin(), dates.in_order.end(), [](const auto& date) { return date.has_value(); })) {
    for (const DateOrder order : kOrders)
      date_reading(order).add(dates.in_order[static_cast<size_t>(order)], cell, row, count, expected_);
    if (dates.has_short_year) short_years_ += count;
    first_date_.note(cell, row);
    return;
  }
  if (read_spelt_number(cell, row, count)) return;
  if (const auto word = parse_boolean_word(cell)) words_[static_cast<size_t>(word->pair)][word->value] += count;
  if (is_gap_mark(cell)) {
    tally(gaps_, trim_blanks(cell), count);
    gap_cells_ += count;
    return;
  }
  if (!too_many_others_) too_many_others_ = !tally(others_, trim_blanks(cell), count);
  first_other_.note(cell, row);
}

bool ColumnProfile::read_number(std::string_view cell, uint64_t row, uint64_t count) {
  const NumberReadings number = parse_number_both_styles(cell);
  if (!number.point && !number.comma) return false;
  point_.add(number.point, cell, row, count, expected_);
  comma_.add(number.comma, cell, row, count, expected_);
  marks_.add(number, count);
  if (number.point && *number.point == std::floor(*number.point)) whole_numbers_ += count;
  first_number_.note(cell, row);
  return true;
}

bool ColumnProfile::read_spelt_number(std::string_view cell, uint64_t row, uint64_t count) {
  bool any = false;
  for (const NumberSpelling& spelling : spellings_of(cell)) {
    auto group = std::find_if(groups_.begin(), groups_.end(), [&](const SpellingGroup& known) {
      return known.key.grouping == spelling.grouping && known.key.quantity == spelling.quantity &&
             known.key.unit == spelling.unit;
    });
    if (group == groups_.end()) {
      if (groups_.size() == kMaxGroups) continue;
      group = groups_.insert(groups_.end(), {.key = spelling});
    }
    group->point.add(spelling.value.point, cell, row, count, expected_);
    group->comma.add(spelling.value.comma, cell, row, count, expected_);
    group->marks.add(spelling.value, count);
    group->cells += count;
    group->first.note(cell, row);
    any = true;
  }
  if (any) first_number_.note(cell, row);
  return any;
}

ColumnProfile::Reading ColumnProfile::reading_of(const NumberStyle& style) const {
  Reading reading = style.decimal == DecimalMark::kPoint ? point_ : comma_;
  for (const SpellingGroup& group : groups_) {
    if (style.extended && style.admits(group.key)) {
      reading.add(style.decimal == DecimalMark::kPoint ? group.point : group.comma);
    } else {
      reading.first_unreadable.note(group.first.cell, group.first.row);
    }
  }
  return reading;
}

ColumnProfile::Marks ColumnProfile::marks_of(const NumberStyle& style) const {
  Marks marks = marks_;
  for (const SpellingGroup& group : groups_) {
    if (!style.extended || !style.admits(group.key)) continue;
    marks.only_point += group.marks.only_point;
    marks.only_comma += group.marks.only_comma;
    marks.either += group.marks.either;
  }
  return marks;
}

// The style that reads most cells, of equals the plainest.
NumberStyle ColumnProfile::number_style(bool semicolon_separated) const {
  NumberStyle best{.decimal = marks_.decimal(semicolon_separated)};
  uint64_t most = reading_of(best).cells();
  const auto consider = [&](NumberStyle style) {
    style.decimal = marks_of(style).decimal(semicolon_separated);
    const uint64_t cells = reading_of(style).cells();
    if (cells <= most) return;
    best = style;
    most = cells;
  };
  const uint64_t wanted = present_ - gap_cells_;
  for (const bool with_units : {false, true}) {
    if (with_units && most * 10 >= wanted * 9) break;  // a unit in a few cells is a slip
    for (const Quantity quantity :
         {Quantity::kNumber, Quantity::kMagnitude, Quantity::kBytes, Quantity::kDuration, Quantity::kClock}) {
      for (const SpellingGroup& group : groups_) {
        const bool has_unit = group.key.quantity != Quantity::kNumber || !group.key.unit.empty();
        if (group.key.quantity != quantity || (has_unit && !with_units)) continue;
        for (const SpellingGroup& grouped : groups_) {
          consider({.extended = true, .grouping = grouped.key.grouping, .quantity = quantity, .unit = group.key.unit});
        }
      }
    }
  }
  return best;
}

// The order that reads most cells; nothing where the year could be any of three numbers and no cell tells.
std::optional<DateOrder> ColumnProfile::date_order() const {
  const Reading &month = date_reading(DateOrder::kMonthFirst), &day = date_reading(DateOrder::kDayFirst),
                &year = date_reading(DateOrder::kYearFirst);
  if (year.cells() > std::max(month.cells(), day.cells())) return DateOrder::kYearFirst;
  if (short_years_ > 0 && month.cells() == day.cells() && month.sum != day.sum) return {};
  return month.cells() >= day.cells() ? DateOrder::kMonthFirst : DateOrder::kDayFirst;
}

std::optional<std::vector<GapMark>> ColumnProfile::gap_marks(const Reading& reading) const {
  if (reading.cells() == 0) return {};
  std::vector<GapMark> marks;
  for (const Tally& gap : gaps_) marks.push_back({gap.spelling, gap.cells});
  if (reading.covers(present_ - gap_cells_)) return marks;
  uint64_t other_cells = 0;
  bool recur = !too_many_others_ && others_.size() <= kMaxUnknownGaps;
  for (const Tally& other : others_) {
    other_cells += other.cells;
    recur = recur && other.cells > 1;
    marks.push_back({other.spelling, other.cells});
  }
  if (!recur || reading.cells() * 2 < present_ || reading.cells() + gap_cells_ + other_cells != present_ ||
      num_distinct() < marks.size() + kLeastNumbersBesideUnknownGaps)
    return {};
  return marks;
}

bool ColumnProfile::is_boolean() const {
  return std::any_of(words_.begin(), words_.end(), [this](const auto& pair) { return pair[0] + pair[1] == present_; });
}

void ColumnProfile::describe(const Reading& reading, ColumnType type, std::vector<GapMark> gaps,
                             ColumnSchema& schema) const {
  schema.type = type;
  uint64_t marked = 0;
  for (const GapMark& gap : gaps) marked += gap.cells;
  marked = std::max(marked, gap_cells_);  // rare marks are counted, not listed
  schema.unreadable = present_ - reading.finite - marked;
  schema.missing += marked + schema.unreadable;
  schema.present = reading.finite;
  schema.gap_marks = std::move(gaps);
  if (schema.unreadable > 0) {
    First first = reading.first_unreadable;
    first.note(first_other_.cell, first_other_.row);
    const First& of_other_type = type == ColumnType::kDate ? first_number_ : first_date_;
    first.note(of_other_type.cell, of_other_type.row);
    schema.first_unreadable = first.cell;
    schema.first_unreadable_row = first.row;
  }
  if (reading.finite == 0) return;
  schema.minimum = reading.minimum;
  schema.maximum = reading.maximum;
  schema.mean = reading.sum / static_cast<double>(reading.finite);
}

void ColumnProfile::describe_numbers(const NumberStyle& style, std::vector<GapMark> gaps, ColumnSchema& schema) const {
  schema.number_style = style;
  schema.decimal_mark_open = marks_of(style).are_open();
  describe(reading_of(style), ColumnType::kNumeric, std::move(gaps), schema);
  First first;
  for (const SpellingGroup& group : groups_) {
    if (!style.extended || !style.admits(group.key)) continue;
    schema.respelt += group.cells;
    first.note(group.first.cell, group.first.row);
  }
  schema.first_respelt = first.cell;
}

void ColumnProfile::describe_dates(DateOrder order, std::vector<GapMark> gaps, ColumnSchema& schema) const {
  const Reading &month = date_reading(DateOrder::kMonthFirst), &day = date_reading(DateOrder::kDayFirst);
  schema.date_order = order;
  const bool same_cells = month.cells() == day.cells();
  schema.date_order_open = same_cells && month.sum == day.sum && order != DateOrder::kYearFirst;
  schema.date_order_guessed = same_cells && month.sum != day.sum && order != DateOrder::kYearFirst;
  describe(date_reading(order), ColumnType::kDate, std::move(gaps), schema);
}

void ColumnProfile::describe_boolean(ColumnSchema& schema) const {
  schema.type = ColumnType::kBoolean;
  uint64_t num_true = 0;
  for (const auto& pair : words_) num_true += pair[1];
  schema.minimum = num_true == present_ ? 1 : 0;
  schema.maximum = num_true > 0 ? 1 : 0;
  schema.mean = static_cast<double>(num_true) / static_cast<double>(present_);
}

// Words such as None and NA are classes unless all others are numbers.
void ColumnProfile::describe_label(ColumnSchema& schema) const {
  schema.type = ColumnType::kCategorical;
  bool any_text = false;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i].is_missing_word) continue;
    const NumberReadings number = parse_number_both_styles(spellings_[i]);
    any_text = any_text || (!number.point && !number.comma);
  }
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i].is_missing_word && (!any_text || is_machine_word(spellings_[i]))) {
      schema.missing += counts_[i].cells;
    } else {
      schema.categories.emplace_back(spellings_[i]);
    }
  }
  schema.distinct = schema.categories.size();
  std::sort(schema.categories.begin(), schema.categories.end());
}

void ColumnProfile::describe_strings(ColumnSchema& schema) const {
  const uint64_t limit = std::max(kLeastCategories, std::min(kMaxTrackedDistinct, present_ / 2));
  schema.type = schema.distinct <= limit ? ColumnType::kCategorical : ColumnType::kText;
  if (schema.type == ColumnType::kText) return;
  for (size_t i = 0; i < spellings_.size(); ++i) {
    if (!counts_[i].is_missing_word) schema.categories.emplace_back(spellings_[i]);
  }
  std::sort(schema.categories.begin(), schema.categories.end());
}

ColumnSchema ColumnProfile::finish(bool semicolon_separated) {
  if (!too_many_spellings_) read_spellings();
  ColumnSchema schema;
  schema.name = name_;
  schema.missing = missing_;
  schema.present = present_;
  schema.distinct = num_distinct();
  schema.examples = std::move(examples_);
  schema.is_typed_text = kind_.is_typed_text;
  if (kind_.is_label) {
    describe_label(schema);
    return schema;
  }
  const NumberStyle style = number_style(semicolon_separated);
  const auto number_gaps = gap_marks(reading_of(style));
  schema.holds_numbers = kind_.is_typed_text && number_gaps.has_value();
  const auto order = date_order();
  if (present_ == 0) {
    schema.type = ColumnType::kNumeric;
  } else if (is_boolean()) {
    describe_boolean(schema);
  } else if (number_gaps && !kind_.is_typed_text) {
    describe_numbers(style, *number_gaps, schema);
  } else if (const auto gaps = order ? gap_marks(date_reading(*order)) : std::nullopt) {
    describe_dates(*order, *gaps, schema);
  } else {
    describe_strings(schema);
  }
  return schema;
}

bool ColumnProfile::counts_rows() const { return counts_rows_ && missing_ == 0 && present_ > 0; }

bool ColumnProfile::differs_in_every_row(const ColumnSchema& schema) const {
  const bool differs = schema.missing == 0 && (too_many_spellings_ || schema.distinct == present_);
  return differs && (whole_numbers_ == present_ || schema.type == ColumnType::kText);
}

// A style other than the expected one where that one reads too little, or reads everything far off its range.
NumberStyle ColumnProfile::fitted_style(const ColumnSchema& own, bool semicolon_separated) const {
  const NumberStyle& expected = expected_->number_style;
  const Reading as_expected = reading_of(expected);
  NumberStyle other = expected;
  other.decimal = expected.decimal == DecimalMark::kPoint ? DecimalMark::kComma : DecimalMark::kPoint;
  const Reading as_other = reading_of(other);
  if (as_other.cells() >= as_expected.cells() && as_other.inside > 2 * as_expected.inside &&
      as_other.inside * 2 >= as_other.cells())
    return other;
  const NumberStyle own_style = own.type == ColumnType::kNumeric ? own.number_style : number_style(semicolon_separated);
  const bool may_change = expected_->decimal_mark_open || !as_expected.covers(present_ - gap_cells_);
  return may_change && reading_of(own_style).cells() > as_expected.cells() ? own_style : expected;
}

DateOrder ColumnProfile::fitted_order() const {
  DateOrder best = expected_->date_order;
  if (!expected_->date_order_open && date_reading(best).covers(present_ - gap_cells_)) return best;
  for (const DateOrder order : kOrders) {
    const Reading &reading = date_reading(order), &so_far = date_reading(best);
    if (reading.cells() > so_far.cells() ||
        (expected_->date_order_open && reading.cells() == so_far.cells() && reading.inside > so_far.inside))
      best = order;
  }
  return best;
}

ColumnFit ColumnProfile::fit(bool semicolon_separated) {
  const ColumnSchema own = finish(semicolon_separated);
  ColumnFit fit{.schema = *expected_, .is_in_file = true, .present = present_, .readable = present_};
  if (kind_.is_label) {
    for (size_t i = 0; i < counts_.size(); ++i) {
      const auto& known = expected_->categories;
      if (counts_[i].is_missing_word && std::find(known.begin(), known.end(), spellings_[i]) == known.end())
        fit.present -= counts_[i].cells;
    }
    return fit;
  }
  if (expected_->type > ColumnType::kDate) return fit;
  fit.present -= gap_cells_;
  First example = as_expected_.first_unreadable;
  if (expected_->type == ColumnType::kNumeric) {
    fit.schema.number_style = fitted_style(own, semicolon_separated);
    fit.is_other_style = fit.schema.number_style != expected_->number_style;
    fit.readable = reading_of(fit.schema.number_style).cells();
    if (example.cell.empty()) example = first_number_;
  } else if (expected_->type == ColumnType::kDate) {
    fit.schema.date_order = fitted_order();
    const Reading &fitted = date_reading(fit.schema.date_order), &expected = date_reading(expected_->date_order);
    fit.is_other_style = fitted.cells() != expected.cells() || fitted.sum != expected.sum;
    fit.readable = fitted.cells();
    if (example.cell.empty()) example = first_date_;
  } else {
    fit.readable = as_expected_.cells();
  }
  fit.example = example.cell;
  fit.example_row = example.row;
  return fit;
}

}  // namespace manyshot
