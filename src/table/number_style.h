// How the numbers of a column are written, and reading them so. One small grammar serves every spelling:
//
//   cell       ="amount"  or  amount              ="12" is how spreadsheets keep a cell as it was typed
//   amount     quantity, quantity-, (quantity), with a sign and one currency before; parentheses and a minus behind are
//              negative
//   quantity   digits [magnitude] [unit]  or  a duration
//   digits     grouped or not, with decimals and an exponent
//
// Digits, signs, blanks and apostrophes of other scripts and typographies (full-width forms, U+2212, U+202F, U+2019)
// stand for their ASCII kin. A column has one style; what its style does not admit is no number there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

enum class DecimalMark : uint8_t { kPoint, kComma };

// Thousands marks that a style admits beside the plain one, which is a comma before a decimal point and a point before
// a decimal comma.
enum class Grouping : uint8_t { kPlain, kBlank, kApostrophe, kUnderscore, kIndian };  // 1 234  1'234  1_234  12,34,567

// What a number counts, where its spelling says so.
enum class Quantity : uint8_t {
  kNumber,
  kMagnitude,  // 22.09K is 22,090: K, M, B, T and words such as Mio, bn, lakh
  kBytes,      // 1.5 MB is 1,500,000 (by thousands; KiB, MiB by 1,024)
  kDuration,   // seconds: 26:40:42, 59:30, 1 day 02:03:04, 1h 30m, PT1H30M
  kClock,      // seconds of the day: 12:30, 1:05 PM
};

struct NumberSpelling;

struct NumberStyle {
  DecimalMark decimal = DecimalMark::kPoint;
  bool extended = false;  // false: plain spellings only (parse_plain), and the members below do not matter
  Grouping grouping = Grouping::kPlain;
  Quantity quantity = Quantity::kNumber;
  std::string
      unit;  // "eur", "km/h", in lower case, no plural; empty: none, or a sign that is always left out (% $ € £ ¥)

  // Whether the column's grouping, quantity and unit are those of the spelling, or the spelling has none.
  bool admits(const NumberSpelling& spelling) const;
  bool operator==(const NumberStyle&) const = default;

  static const NumberStyle kPoint;  // 3.14   1,234.5   1,234,567
  static const NumberStyle kComma;  // 3,14   1.234,5   1.234.567
};

// The number in a cell, or nothing. In every style: surrounding blanks, a sign, an exponent and leading zeros ("00501"
// is 501), and one "%", "$", "€", "£" or "¥" before or after the digits, which is left out: "12 %" is 12. Infinity is
// returned for inf and infinity in any case and for numbers outside the range of a double (1e999, 1e-999). With points
// as the plain thousands mark a second mark or decimals must tell them from a decimal point. Extended styles also take
// what the grammar above says, as far as they admit its grouping, quantity and unit; plain numbers always.
std::optional<double> parse_number(std::string_view cell, const NumberStyle& style);

// A cell's plain reading with either decimal mark, for deciding between them; one parse for most cells.
struct NumberReadings {
  std::optional<double> point, comma;
};
NumberReadings parse_number_both_styles(std::string_view cell);

// One reading of a cell by the grammar: what a style must admit to read it so, and the number it would then be.
struct NumberSpelling {
  Grouping grouping = Grouping::kPlain;
  Quantity quantity = Quantity::kNumber;
  std::string unit;
  NumberReadings value;
};
// Every reading of a cell that is no plain number: none for most texts, more than one for "5 min" (a number with a
// unit, a duration) and the like.
std::vector<NumberSpelling> spellings_of(std::string_view cell);

// Signs that are left out before or behind a number in every style.
inline constexpr std::string_view kSignsLeftOut[] = {"%", "$", "€", "£", "¥"};

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `text` with the typographic forms above as their ASCII kin, without blanks at either end.
std::string fold_typography(std::string_view text);

}  // namespace manyshot
