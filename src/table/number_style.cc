// Plain numbers of number_style.h; the grammar beyond them is in number_spelling.cc.
#include "table/number_style.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "table/cell_values.h"

namespace manyshot {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The common case: a sign and at most 15 digits, perhaps with a point. The digits as an integer and the power of ten
// are both exact doubles, so their quotient is the correctly rounded value (Clinger 1990).
struct ShortDecimal {
  double value;
  bool has_point;
};
std::optional<ShortDecimal> parse_short_decimal(std::string_view text) {
  constexpr std::array<double, 16> kPowersOfTen = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 16) return {};
  uint64_t digits = 0;
  size_t num_digits = 0, after_point = 0;
  bool has_point = false;
  for (const char c : text) {
    if (is_digit(c)) {
      digits = digits * 10 + static_cast<uint64_t>(c - '0');
      ++num_digits;
      after_point += has_point;
    } else if (c == '.' && !has_point) {
      has_point = true;
    } else {
      return {};
    }
  }
  if (num_digits == 0 || num_digits > 15) return {};
  const double value = static_cast<double>(digits) / kPowersOfTen[after_point];
  return ShortDecimal{negative ? -value : value, has_point};
}

// Digits with a decimal point, an optional exponent and an optional minus: what std::from_chars reads, without "inf"
// and "nan".
std::optional<double> parse_plain_number(std::string_view text) {
  const size_t first = !text.empty() && text[0] == '-' ? 1 : 0;
  if (first >= text.size() || !(is_digit(text[first]) || text[first] == '.')) return {};
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return {};
  if (error == std::errc::result_out_of_range) return text[0] == '-' ? -kInfinity : kInfinity;
  return value;
}

std::string_view strip_sign(std::string_view text) {
  for (const std::string_view sign : kSignsLeftOut) {
    if (text.starts_with(sign)) return trim_blanks(text.substr(sign.size()));
    if (text.ends_with(sign)) return trim_blanks(text.substr(0, text.size() - sign.size()));
  }
  return text;
}

// True if `digits` is split by `separator` into a first group of one to three digits without a leading zero and further
// groups of three.
bool grouped_by_three(std::string_view digits, char separator) {
  const size_t first = digits.find(separator);
  if (first == 0 || first > 3 || digits[0] == '0') return false;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool separates = i >= first && (i - first) % 4 == 0;
    if (separates ? digits[i] != separator : !is_digit(digits[i])) return false;
  }
  return (digits.size() - first) % 4 == 0;
}

// Rewrites an unsigned number with decimal mark `mark` as std::from_chars wants it; empty if its separators are
// misplaced.
std::string normalize_separators(std::string_view text, DecimalMark mark) {
  const char decimal = mark == DecimalMark::kPoint ? '.' : ',';
  const char group = mark == DecimalMark::kPoint ? ',' : '.';
  const std::string_view whole = text.substr(0, text.find_first_of(mark == DecimalMark::kPoint ? ".eE" : ",eE"));
  std::string_view rest = text.substr(whole.size());

  std::string result;
  const auto num_groups = std::count(whole.begin(), whole.end(), group);
  if (num_groups > 0) {
    const bool is_clear = mark == DecimalMark::kPoint || num_groups > 1 || rest.starts_with(decimal);
    if (!is_clear || !grouped_by_three(whole, group)) return {};
  }
  std::copy_if(whole.begin(), whole.end(), std::back_inserter(result), [&](char c) { return c != group; });
  if (rest.starts_with(decimal)) {
    result += '.';
    rest.remove_prefix(1);
  }
  if (rest.find_first_of(".,") != std::string_view::npos) return {};
  return result.append(rest);
}

std::optional<double> parse_plain(std::string_view cell, DecimalMark mark) {
  if (mark == DecimalMark::kPoint) {
    if (const auto decimal = parse_short_decimal(cell)) return decimal->value;
    if (const auto value = parse_plain_number(cell)) return value;
  }
  std::string_view text = strip_sign(trim_blanks(cell));
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text = strip_sign(text.substr(1));
  if (text.empty()) return {};

  std::optional<double> value;
  if (equals_ignoring_case(text, "inf") || equals_ignoring_case(text, "infinity")) {
    value = kInfinity;
  } else if (is_digit(text[0]) || text[0] == '.' || text[0] == ',') {
    value = parse_plain_number(normalize_separators(text, mark));
  }
  return value && negative ? -*value : value;
}

}  // namespace

const NumberStyle NumberStyle::kPoint{.decimal = DecimalMark::kPoint};
const NumberStyle NumberStyle::kComma{.decimal = DecimalMark::kComma};

std::optional<double> parse_number(std::string_view cell, const NumberStyle& style) {
  const auto plain = parse_plain(cell, style.decimal);
  if (plain || !style.extended) return plain;
  for (const NumberSpelling& spelling : spellings_of(cell)) {
    if (!style.admits(spelling)) continue;
    const auto& value = style.decimal == DecimalMark::kPoint ? spelling.value.point : spelling.value.comma;
    if (value) return value;
  }
  return {};
}

bool NumberStyle::admits(const NumberSpelling& spelling) const {
  if (spelling.grouping != Grouping::kPlain && spelling.grouping != grouping) return false;
  if (spelling.quantity == Quantity::kNumber) return spelling.unit.empty() || spelling.unit == unit;
  return spelling.quantity == quantity && spelling.unit == unit;
}

NumberReadings parse_number_both_styles(std::string_view cell) {
  if (const auto decimal = parse_short_decimal(cell)) {
    return {decimal->value, decimal->has_point ? std::nullopt : std::optional(decimal->value)};
  }
  const auto point = parse_plain(cell, DecimalMark::kPoint);
  if (point && cell.find(',') == std::string_view::npos) {
    return {point, cell.find('.') == std::string_view::npos ? point : std::nullopt};
  }
  return {point, parse_plain(cell, DecimalMark::kComma)};
}

}  // namespace manyshot
