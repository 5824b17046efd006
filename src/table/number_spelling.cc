// The grammar of number_style.h: spellings beyond plain numbers.
#include <algorithm>
#include <array>
#include <cstdint>

#include "table/cell_values.h"
#include "table/number_style.h"

namespace manyshot {
namespace {

constexpr size_t kLongestAmount = 64;  // bytes; longer cells are texts
constexpr size_t kLongestUnit = 24;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (static_cast<uint8_t>(c) & 0x80); }

template <class Entries>
auto find_word(const Entries& entries, std::string_view word) {
  return std::find_if(std::begin(entries), std::end(entries), [&](const auto& entry) { return entry.word == word; });
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// The leading letters of `text`, a point behind them left out of the word but counted in `length`.
struct Word {
  std::string_view text;
  size_t length = 0;
};
Word leading_word(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && is_letter(text[length])) ++length;
  return {text.substr(0, length), length + (length > 0 && length < text.size() && text[length] == '.' ? 1 : 0)};
}

// What follows the first `length` bytes, without the blanks before it.
std::string_view behind(std::string_view text, size_t length) { return trim_blanks(text.substr(length)); }

// --- currencies before a number

constexpr std::string_view kCurrencyWords[] = {
    "USD", "EUR", "GBP", "JPY", "CHF", "CNY", "RMB", "INR", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "ISK",
    "PLN", "CZK", "HUF", "RON", "BGN", "RUB", "UAH", "TRY", "BRL", "MXN", "ARS", "CLP", "COP", "PEN", "ZAR",
    "KRW", "SGD", "HKD", "TWD", "THB", "IDR", "MYR", "PHP", "VND", "ILS", "AED", "SAR", "EGP", "NGN", "KES",
    "PKR", "BTC", "Rs",  "kr",  "Kr",  "Fr",  "SFr", "RM",  "Rp",  "zł",  "Kč",  "Ft"};
constexpr std::string_view kCurrencySigns[] = {"US$", "A$", "C$",  "R$", "HK$", "NT$", "S$",  "₹",
                                               "₽", "₩",  "₺",   "₴",  "₦",   "฿",   "₫",   "₱",
                                               "₪",   "¢",  "₿", "₡",  "₲",   "₸",   "₼", "₾"};

// The currency at the start of `text`: bytes taken, and its name (empty for the signs that are always left out).
struct Currency {
  size_t length = 0;
  std::string_view name;
};
Currency leading_currency(std::string_view text) {
  for (const std::string_view sign : kSignsLeftOut) {
    if (text.starts_with(sign)) return {sign.size(), ""};
  }
  for (const std::string_view sign : kCurrencySigns) {
    if (text.starts_with(sign)) return {sign.size(), sign};
  }
  const Word word = leading_word(text);
  for (const std::string_view name : kCurrencyWords) {
    if (word.text == name) return {word.length, name};
  }
  return {};
}

// --- digits

struct Digits {
  size_t length = 0;  // bytes of the text; 0: none
  Grouping grouping = Grouping::kPlain;
  NumberReadings value;
};

// Bytes of 1 234 567 at the start of `text`, with `mark` between the groups; 0 without a group.
size_t grouped_length(std::string_view text, char mark) {
  size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  if (length == 0 || length > 3 || text[0] == '0') return 0;
  bool any = false;
  while (length + 3 < text.size() && text[length] == mark &&
         std::all_of(&text[length + 1], &text[length + 1] + 3, is_digit)) {
    length += 4;
    any = true;
  }
  return any && !(length < text.size() && is_digit(text[length])) ? length : 0;
}

Digits grouped_digits(std::string_view text, char mark, Grouping grouping) {
  size_t length = grouped_length(text, mark);
  if (length == 0) return {};
  std::string plain;
  std::copy_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length), std::back_inserter(plain), is_digit);
  const char decimal = length + 1 < text.size() && is_digit(text[length + 1]) ? text[length] : '\0';
  const bool has_decimals = decimal == '.' || decimal == ',';
  if (has_decimals) {
    plain += '.';
    while (++length < text.size() && is_digit(text[length])) plain += text[length];
  }
  const auto value = parse_number(plain, NumberStyle::kPoint);
  return {
      length,
      grouping,
      {has_decimals && decimal == ',' ? std::nullopt : value, has_decimals && decimal == '.' ? std::nullopt : value}};
}

// 12,34,567.8: groups of two before the last one of three.
std::optional<double> parse_indian(std::string_view text) {
  const std::string_view whole = text.substr(0, text.find('.'));
  if (std::count(whole.begin(), whole.end(), ',') < 2 || whole.size() < 8) return {};
  for (size_t from_end = 0; from_end < whole.size(); ++from_end) {
    const char c = whole[whole.size() - 1 - from_end];
    const bool separates = from_end >= 3 && from_end % 3 == 0;
    if (separates ? c != ',' : !is_digit(c)) return {};
  }
  if (!is_digit(whole[0])) return {};
  std::string plain(text);
  std::erase(plain, ',');
  return parse_number(plain, NumberStyle::kPoint);
}

Digits take_digits(std::string_view text) {
  constexpr std::pair<char, Grouping> kMarks[] = {
      {' ', Grouping::kBlank}, {'\'', Grouping::kApostrophe}, {'_', Grouping::kUnderscore}};
  for (const auto& [mark, grouping] : kMarks) {
    const Digits digits = grouped_digits(text, mark, grouping);
    if (digits.length > 0) return digits;
  }
  size_t length = 0;
  while (length < text.size() && (is_digit(text[length]) || text[length] == '.' || text[length] == ',')) ++length;
  while (length > 0 && !is_digit(text[length - 1])) --length;
  if (length == 0) return {};
  if (length + 1 < text.size() && (text[length] == 'e' || text[length] == 'E')) {
    const size_t sign = text[length + 1] == '-' || text[length + 1] == '+' ? 1 : 0;
    size_t end = length + 1 + sign;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end > length + 1 + sign) length = end;
  }
  const std::string_view number = text.substr(0, length);
  const NumberReadings value = parse_number_both_styles(number);
  if (value.point || value.comma) return {length, Grouping::kPlain, value};
  if (const auto indian = parse_indian(number)) return {length, Grouping::kIndian, {indian, std::nullopt}};
  return {};
}

// --- magnitudes, bytes, units

struct Scale {
  std::string_view word;
  double factor;
  bool also_unit = false;  // 5 m may be metres, 5 g grams
};
constexpr Scale kMagnitudes[] = {
    {"K", 1e3},       {"k", 1e3},        {"M", 1e6},         {"m", 1e6, true},  {"B", 1e9},         {"b", 1e9, true},
    {"G", 1e9, true}, {"T", 1e12, true}, {"tsd", 1e3},       {"thousand", 1e3}, {"thousands", 1e3}, {"mn", 1e6},
    {"mln", 1e6},     {"mio", 1e6},      {"mill", 1e6},      {"million", 1e6},  {"millions", 1e6},  {"millionen", 1e6},
    {"bn", 1e9},      {"bln", 1e9},      {"mrd", 1e9},       {"billion", 1e9},  {"billions", 1e9},  {"milliarden", 1e9},
    {"tn", 1e12},     {"trn", 1e12},     {"trillion", 1e12}, {"lakh", 1e5},     {"lakhs", 1e5},     {"lac", 1e5},
    {"lacs", 1e5},    {"crore", 1e7},    {"crores", 1e7},    {"cr", 1e7}};
constexpr Scale kByteUnits[] = {{"b", 1},        {"byte", 1},        {"bytes", 1},          {"kb", 1e3},
                                {"mb", 1e6},     {"gb", 1e9},        {"tb", 1e12},          {"pb", 1e15},
                                {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0}};
constexpr Scale kTimeUnits[] = {{"ms", 0.001},    {"s", 1},         {"sec", 1},      {"secs", 1},     {"sek", 1},
                                {"second", 1},    {"seconds", 1},   {"m", 60},       {"min", 60},     {"mins", 60},
                                {"minute", 60},   {"minutes", 60},  {"minuten", 60}, {"h", 3600},     {"hr", 3600},
                                {"hrs", 3600},    {"std", 3600},    {"hour", 3600},  {"hours", 3600}, {"stunden", 3600},
                                {"heures", 3600}, {"d", 86400},     {"day", 86400},  {"days", 86400}, {"tag", 86400},
                                {"tage", 86400},  {"jours", 86400}, {"w", 604800},   {"wk", 604800},  {"week", 604800},
                                {"weeks", 604800}};

// The unit as columns are compared by it: lower case, without points and a plural s; nothing if `text` cannot be a
// unit. A unit is up to three words of letters and signs (km/h, sq ft, °C, mg/dL); a 2 or 3 may end a word (m2).
std::optional<std::string> normal_unit(std::string_view text) {
  for (const std::string_view sign : kSignsLeftOut) {
    if (text == sign) return "";
  }
  if (text.empty() || text.size() > kLongestUnit || std::count(text.begin(), text.end(), ' ') > 2) return {};
  if (text == "\"") return "\"";
  std::string unit;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ends_word = i > 0 && is_letter(text[i - 1]) && (i + 1 == text.size() || !is_letter(text[i + 1]));
    const bool fits = is_letter(c) || ((c == '2' || c == '3') && ends_word) || (i == 0 && (c == '%' || c == '/')) ||
                      (i > 0 && std::string_view(" ./%-^*").find(c) != std::string_view::npos);
    if (!fits) return {};
    if (c != '.') unit += c;
  }
  unit = lower_case(unit);
  if (unit.size() >= 3 && unit.ends_with('s') && !unit.ends_with("ss")) unit.pop_back();
  return unit;
}

NumberReadings scaled(const NumberReadings& value, double factor) {
  NumberReadings result = value;
  if (result.point) *result.point *= factor;
  if (result.comma) *result.comma *= factor;
  return result;
}

// What stands behind the digits, each way it can be understood.
void add_quantities(std::string_view rest, const Digits& digits, std::string_view currency,
                    std::vector<NumberSpelling>& spellings) {
  const auto with_currency = [&](const std::string& unit) {
    std::string name = lower_case(currency);
    if (!name.empty() && !unit.empty() && name != unit) name += ' ';
    return name == unit ? name : name + unit;
  };
  const auto add = [&](Quantity quantity, std::string_view unit_text, double factor) {
    const auto unit = unit_text.empty() ? std::optional<std::string>("") : normal_unit(unit_text);
    if (unit) spellings.push_back({digits.grouping, quantity, with_currency(*unit), scaled(digits.value, factor)});
  };
  if (rest.empty()) return add(Quantity::kNumber, "", 1);
  const Word word = leading_word(rest);
  // "5M€": a sign behind the letter is no letter of it.
  std::string_view letters = word.text;
  size_t length = word.length;
  for (const std::string_view sign : kSignsLeftOut) {
    if (const size_t at = letters.find(sign); at != std::string_view::npos && at > 0)
      letters = rest.substr(0, length = at);
  }
  const std::string lower = lower_case(letters);
  const auto magnitude = find_word(kMagnitudes, letters.size() == 1 ? letters : std::string_view(lower));
  const bool is_magnitude = magnitude != std::end(kMagnitudes);
  if (!is_magnitude || magnitude->also_unit) add(Quantity::kNumber, rest, 1);
  if (is_magnitude) add(Quantity::kMagnitude, behind(rest, length), magnitude->factor);
  const auto bytes = find_word(kByteUnits, lower);
  if (bytes != std::end(kByteUnits) && length == rest.size()) add(Quantity::kBytes, "", bytes->factor);
}

// --- durations

// Reads a duration from left to right.
class DurationReader {
 public:
  explicit DurationReader(std::string_view text) : text_(text) {}

  // Seconds, understood as a length of time and as a time of day.
  struct Seconds {
    std::optional<double> duration, clock;
  };
  Seconds read() {
    if (const auto iso = read_iso()) return {iso, std::nullopt};
    double days = 0;
    if (const auto component = take_component(); component && component->unit == 86'400 && !text_.empty()) {
      days = component->value;
      if (text_.starts_with(',')) text_ = behind(text_, 1);
      if (is_digit(text_[0]) && text_.find(':') != std::string_view::npos) return read_clock(days * 86'400);
      return {read_words(days * 86'400), std::nullopt};
    } else if (component) {
      const double seconds = component->value * component->unit;
      return {text_.empty() ? seconds : read_words(seconds), std::nullopt};
    }
    return read_clock(0);
  }

 private:
  struct Component {
    double value, unit;
  };

  std::optional<double> take_number() {
    size_t length = 0;
    while (length < text_.size() && (is_digit(text_[length]) || text_[length] == '.')) ++length;
    const auto value = parse_number(text_.substr(0, length), NumberStyle::kPoint);
    if (value) text_.remove_prefix(length);
    return value;
  }

  // "1 day", "30m"; nothing, and nothing taken, otherwise.
  std::optional<Component> take_component() {
    const std::string_view before = text_;
    const auto value = take_number();
    text_ = trim_blanks(text_);
    const Word word = leading_word(text_);
    const auto unit = find_word(kTimeUnits, lower_case(word.text));
    if (!value || unit == std::end(kTimeUnits)) {
      text_ = before;
      return {};
    }
    text_ = behind(text_, word.length);
    return Component{*value, unit->factor};
  }

  // Further components, then perhaps minutes without their unit (1h30).
  std::optional<double> read_words(double seconds) {
    double last_unit = 0;
    while (!text_.empty()) {
      if (text_.starts_with(',')) text_ = behind(text_, 1);
      const auto component = take_component();
      if (component) {
        seconds += component->value * component->unit;
        last_unit = component->unit;
        continue;
      }
      const auto bare = take_number();
      if (!bare || !text_.empty() || last_unit != 0 || *bare >= 60) return {};
      seconds += *bare * 60;
    }
    return seconds;
  }

  std::optional<int> take_field(size_t min_digits, size_t max_digits) {
    size_t length = 0;
    int value = 0;
    while (length < text_.size() && length < max_digits && is_digit(text_[length]))
      value = value * 10 + text_[length++] - '0';
    if (length < min_digits || (length < text_.size() && is_digit(text_[length]))) return {};
    text_.remove_prefix(length);
    return value;
  }

  // 26:40:42.5, 59:30, 1:05 PM
  Seconds read_clock(double seconds_before) {
    const auto first = take_field(1, 4);
    if (!first || !text_.starts_with(':')) return {};
    text_.remove_prefix(1);
    const auto second = take_field(2, 2);
    if (!second || *second > 59) return {};
    std::optional<double> third;
    if (text_.starts_with(':')) {
      text_.remove_prefix(1);
      const auto whole = take_field(2, 2);
      if (!whole || *whole > 59) return {};
      third = *whole;
      if (text_.size() > 1 && (text_[0] == '.' || text_[0] == ',') && is_digit(text_[1])) {
        text_.remove_prefix(1);
        const size_t length = std::min(text_.find_first_not_of("0123456789"), text_.size());
        third = *third + parse_number("0." + std::string(text_.substr(0, length)), NumberStyle::kPoint).value_or(0);
        text_.remove_prefix(length);
      }
    }
    const std::string half = lower_case(trim_blanks(text_));
    const double as_hours = *first * 3600.0 + *second * 60.0 + third.value_or(0);
    if (half == "am" || half == "pm" || half == "a.m." || half == "p.m.") {
      if (*first < 1 || *first > 12 || seconds_before > 0) return {};
      const double noon = half[0] == 'p' ? 43'200 : 0;
      return {std::nullopt, as_hours - (*first == 12 ? 43'200 : 0) + noon};
    }
    if (!half.empty()) return {};
    const double length = third ? as_hours : *first * 60.0 + *second;
    return {seconds_before + length, *first < 24 && seconds_before == 0 ? std::optional(as_hours) : std::nullopt};
  }

  // P1DT2H30M5.5S
  std::optional<double> read_iso() {
    if (!text_.starts_with('P') || text_.size() < 3) return {};
    text_.remove_prefix(1);
    double seconds = 0;
    bool in_time = false;
    while (!text_.empty()) {
      if (!in_time && text_.starts_with('T')) {
        in_time = true;
        text_.remove_prefix(1);
        continue;
      }
      const auto value = take_number();
      if (!value || text_.empty()) return {};
      const char unit = text_[0];
      const double factor = in_time ? (unit == 'H'   ? 3600
                                       : unit == 'M' ? 60
                                       : unit == 'S' ? 1
                                                     : 0)
                                    : (unit == 'D'   ? 86'400
                                       : unit == 'W' ? 604'800
                                                     : 0);
      if (factor == 0) return {};
      seconds += *value * factor;
      text_.remove_prefix(1);
    }
    return seconds;
  }

  std::string_view text_;
};

// --- amounts

std::string_view without_formula(std::string_view text) {
  if (!text.starts_with('=')) return text;
  text = trim_blanks(text.substr(1));
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"')) text = text.substr(1, text.size() - 2);
  return trim_blanks(text);
}

// Whether an amount could start so; tells most texts from amounts at the first character.
bool can_start(std::string_view text) {
  if (text.empty()) return false;
  const char c = text[0];
  if (is_digit(c) || std::string_view("+-(.,$=").find(c) != std::string_view::npos) return true;
  const bool is_initial = (c >= 'A' && c <= 'Z') || c == 'k' || c == 'z' || static_cast<uint8_t>(c) >= 0x80;
  return is_initial && (c == 'P' || leading_currency(text).length > 0);
}

// Takes "(5)" apart; false if `text` is not in parentheses.
bool strip_parentheses(std::string_view& text) {
  if (text.size() < 3 || !text.starts_with('(') || !text.ends_with(')')) return false;
  text = trim_blanks(text.substr(1, text.size() - 2));
  return true;
}

// Code points that stand for ASCII characters; `count` neighbours each.
struct Folded {
  uint32_t first, count;
  char ascii;      // '\0': nothing
  bool ascending;  // the neighbours stand for neighbours
};
constexpr Folded kFolded[] = {
    {0xA0, 1, ' ', false},    {0x2BC, 1, '\'', false},  {0x660, 10, '0', true},   {0x66A, 1, '%', false},
    {0x66B, 1, '.', false},   {0x66C, 1, ',', false},   {0x6F0, 10, '0', true},   {0x966, 10, '0', true},
    {0x9E6, 10, '0', true},   {0x2000, 11, ' ', false}, {0x200B, 5, '\0', false}, {0x2010, 6, '-', false},
    {0x2018, 2, '\'', false}, {0x2026, 1, '.', false},  {0x202F, 1, ' ', false},  {0x205F, 1, ' ', false},
    {0x2060, 1, '\0', false}, {0x2212, 1, '-', false},  {0x3000, 1, ' ', false},  {0xFE63, 1, '-', false},
    {0xFEFF, 1, '\0', false}, {0xFF01, 94, '!', true}};

}  // namespace

std::string fold_typography(std::string_view text) {
  if (std::none_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) >= 0x80; }))
    return std::string(trim_blanks(text));
  std::string folded;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    const size_t length = std::min<size_t>(lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, text.size() - i);
    uint32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (size_t byte = 1; byte < length; ++byte) code = code << 6 | (static_cast<uint8_t>(text[i + byte]) & 0x3F);
    const auto* entry = std::find_if(std::begin(kFolded), std::end(kFolded), [&](const Folded& range) {
      return code >= range.first && code < range.first + range.count;
    });
    if (entry == std::end(kFolded)) {
      folded += code == 0xFFE5 ? "¥" : code == 0xFFE1 ? "£" : text.substr(i, length);
    } else if (entry->ascii) {
      folded += static_cast<char>(entry->ascii + (entry->ascending ? static_cast<char>(code - entry->first) : 0));
    }
    i += length;
  }
  return std::string(trim_blanks(folded));
}

std::vector<NumberSpelling> spellings_of(std::string_view cell) {
  cell = trim_blanks(cell);
  const bool is_ascii_start = !cell.empty() && static_cast<uint8_t>(cell[0]) < 0x80;
  if (cell.size() > kLongestAmount || cell.empty() || (is_ascii_start && !can_start(cell))) return {};
  const std::string folded = fold_typography(cell);
  std::string_view text = without_formula(folded);
  if (!can_start(text) || std::none_of(text.begin(), text.end(), is_digit)) return {};

  bool negative = strip_parentheses(text), has_sign = negative;
  Currency currency;
  bool has_currency = false;
  for (;;) {
    if (!has_sign && (text.starts_with('-') || text.starts_with('+'))) {
      negative = text.starts_with('-');
      has_sign = true;
      text = behind(text, 1);
    } else if (const Currency found = has_currency ? Currency() : leading_currency(text); found.length > 0) {
      currency = found;
      has_currency = true;
      text = behind(text, found.length);
    } else {
      break;
    }
  }
  if (!has_sign && strip_parentheses(text)) negative = has_sign = true;
  if (!has_sign && text.ends_with('-')) {
    negative = true;
    text = trim_blanks(text.substr(0, text.size() - 1));
  }

  std::vector<NumberSpelling> spellings;
  const Digits digits = take_digits(text);
  if (digits.length > 0) add_quantities(behind(text, digits.length), digits, currency.name, spellings);
  if (!has_currency) {
    const auto [duration, clock] = DurationReader(text).read();
    if (duration) spellings.push_back({Grouping::kPlain, Quantity::kDuration, "", {duration, duration}});
    if (clock) spellings.push_back({Grouping::kPlain, Quantity::kClock, "", {clock, clock}});
  }
  if (negative) {
    for (NumberSpelling& spelling : spellings) spelling.value = scaled(spelling.value, -1);
  }
  return spellings;
}

}  // namespace manyshot
