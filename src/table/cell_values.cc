#include "table/cell_values.h"

#include <algorithm>
#include <array>

namespace manyshot {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

template <size_t kCount>
bool is_one_of(std::string_view text, const std::array<std::string_view, kCount>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return to_lower(a) == b; });
}

std::string_view trim_blanks(std::string_view cell) {
  const size_t first = cell.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return cell.substr(cell.size());
  return cell.substr(first, cell.find_last_not_of(kBlanks) - first + 1);
}

bool is_blank(std::string_view cell) {
  if (!cell.empty() && cell.front() > ' ') return false;
  return cell.find_first_not_of(kBlanks) == std::string_view::npos;
}

bool is_missing_word(std::string_view cell) {
  if (cell.empty()) return false;
  switch (cell.front()) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case 'N':
    case 'n':
    case '<':
    case '#':
    case '?':
      break;
    default:
      return false;
  }
  constexpr std::array<std::string_view, 6> kNameable = {"NA", "N/A", "n/a", "NULL", "null", "None"};
  const std::string_view text = trim_blanks(cell);
  return text.size() <= 4 && (is_one_of(text, kNameable) || is_machine_word(text));
}

bool is_machine_word(std::string_view cell) {
  constexpr std::array<std::string_view, 5> kWords = {"NaN", "nan", "<NA>", "#N/A", "?"};
  return is_one_of(trim_blanks(cell), kWords);
}

bool is_gap_mark(std::string_view cell) {
  constexpr size_t kLongest = 32, kLongestWord = 16;
  if (cell.size() > kLongest) return false;
  const bool is_plain =
      std::all_of(cell.begin(), cell.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  std::string folded;
  if (!is_plain) folded = fold_typography(cell);
  const std::string_view text = is_plain ? trim_blanks(cell) : std::string_view(folded);
  if (text.empty()) return true;
  if (text.starts_with('#')) return text.size() > 2 && text.find_first_of("!?/") != std::string_view::npos;  // #DIV/0!
  char word[kLongestWord];  // the letters: "k. A." is ka, "[Not available]" notavailable
  size_t length = 0;
  for (const char c : text) {
    if (!is_letter_or_digit(c)) continue;
    if (length == kLongestWord || (c >= '0' && c <= '9')) return false;
    word[length++] = to_lower(c);
  }
  if (length == 0 || (text.starts_with('<') && !text.ends_with('>'))) return true;  // "-", "<LOD"
  constexpr std::array<std::string_view, 51> kWords = {"na",          "nd",           "ka",           "sd",
                                                       "nc",          "nr",           "nm",           "nil",
                                                       "none",        "null",         "nan",          "nat",
                                                       "missing",     "unknown",      "unk",          "unavailable",
                                                       "undefined",   "undetermined", "notavailable", "notapplicable",
                                                       "notreported", "notrecorded",  "notmeasured",  "notdetermined",
                                                       "notdetected", "notknown",     "notgiven",     "notspecified",
                                                       "notasked",    "nodata",       "novalue",      "noanswer",
                                                       "noresponse",  "tbd",          "tba",          "void",
                                                       "blank",       "empty",        "error",        "bdl",
                                                       "lod",         "loq",          "refused",      "dontknow",
                                                       "unbekannt",   "keineangabe",  "keineangaben", "inconnu",
                                                       "desconocido", "sconosciuto",  "fehlt"};
  return is_one_of(std::string_view(word, length), kWords);
}

std::optional<BooleanWord> parse_boolean_word(std::string_view cell) {
  constexpr std::array<std::array<std::string_view, 2>, kNumBooleanPairs> kPairs = {
      {{"false", "true"}, {"no", "yes"}, {"f", "t"}, {"n", "y"}}};
  const std::string_view text = trim_blanks(cell);
  if (text.size() > 5) return {};
  for (int pair = 0; pair < kNumBooleanPairs; ++pair) {
    for (int value = 0; value < 2; ++value) {
      if (equals_ignoring_case(text, kPairs[pair][value])) return BooleanWord{pair, value == 1};
    }
  }
  return {};
}

}  // namespace manyshot
