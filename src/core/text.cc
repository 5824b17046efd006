#include "core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace manyshot {
namespace {

// Longer names are no slips of the keyboard, and comparing them with thousands of candidates would take too long.
constexpr size_t kLongestComparedName = 256;

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, each of cost 1.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_previous(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (size_t column = 0; column <= b.size(); ++column) current[column] = column;
  for (size_t row = 1; row <= a.size(); ++row) {
    std::swap(before_previous, previous);
    std::swap(previous, current);
    current[0] = row;
    for (size_t column = 1; column <= b.size(); ++column) {
      const char left = lower_ascii(a[row - 1]);
      const char right = lower_ascii(b[column - 1]);
      size_t best = std::min({previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (left != right)});
      if (row > 1 && column > 1 && left == lower_ascii(b[column - 2]) && right == lower_ascii(a[row - 2])) {
        best = std::min(best, before_previous[column - 2] + 1);
      }
      current[column] = best;
    }
  }
  return current[b.size()];
}

bool is_continuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

// Length of the valid UTF-8 sequence at the start of `text`, 0 if there is none. REQUIRES: text is not empty.
size_t utf8_sequence_length(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  if (first < 0x80) return 1;
  const size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t byte = 1; byte < length; ++byte) {
    if (!is_continuation(text[byte])) return 0;
  }
  const auto second = static_cast<uint8_t>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool above_unicode = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || above_unicode ? 0 : length;
}

// How one character (or one invalid byte) looks in a message.
std::string visible(std::string_view character, bool valid) {
  const auto first = static_cast<uint8_t>(character[0]);
  if (character == "\n") return "\\n";
  if (character == "\r") return "\\r";
  if (character == "\t") return "\\t";
  if (!valid || first < 0x20 || first == 0x7F) return fmt::format("\\x{:02x}", first);
  const bool is_c1_control = first == 0xC2 && static_cast<uint8_t>(character[1]) < 0xA0;
  if (is_c1_control) return fmt::format("\\u{:04x}", static_cast<uint8_t>(character[1]));
  return std::string(character);
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates) {
  const std::string* nearest = nullptr;
  size_t nearest_distance = 0;
  for (const std::string& candidate : candidates) {
    const size_t longer = std::max(name.size(), candidate.size());
    const size_t shorter = std::min(name.size(), candidate.size());
    if (longer > kLongestComparedName || (longer - shorter) * 3 > longer) continue;
    const size_t distance = edit_distance(name, candidate);
    if (distance * 3 <= longer && (!nearest || distance < nearest_distance)) {
      nearest = &candidate;
      nearest_distance = distance;
    }
  }
  return nearest ? std::optional(*nearest) : std::nullopt;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  const auto nearest = nearest_name(name, candidates);
  return nearest ? fmt::format("; did you mean \"{}\"?", excerpt(*nearest)) : "";
}

std::string list_names(std::span<const std::string> names, size_t limit) {
  std::string text;
  const size_t shown = std::min(limit, names.size());
  for (size_t index = 0; index < shown; ++index) {
    text += fmt::format("{}\"{}\"", index > 0 ? ", " : "", excerpt(names[index]));
  }
  if (names.size() > shown) text += fmt::format("{}{} more", shown > 0 ? " and " : "", names.size() - shown);
  return text;
}

std::string excerpt(std::string_view text, size_t max_bytes) {
  std::string shown;
  size_t position = 0;
  while (position < text.size()) {
    const size_t valid_length = utf8_sequence_length(text.substr(position));
    const size_t length = std::max<size_t>(valid_length, 1);
    if (position + length > max_bytes) return shown + fmt::format("… ({} bytes)", text.size());
    shown += visible(text.substr(position, length), valid_length > 0);
    position += length;
  }
  return shown;
}

std::optional<size_t> find_invalid_utf8(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t position = 0;
  while (position < text.size()) {
    if (position + sizeof(uint64_t) <= text.size()) {
      uint64_t word;
      std::memcpy(&word, text.data() + position, sizeof word);
      if ((word & kHighBits) == 0) {
        position += sizeof word;
        continue;
      }
    }
    const size_t length = utf8_sequence_length(text.substr(position));
    if (length == 0) return position;
    position += length;
  }
  return std::nullopt;
}

std::string with_thousands(long long value) {
  std::string digits = fmt::format("{}", value);
  const size_t first_digit = value < 0 ? 1 : 0;
  for (size_t position = digits.size(); position > first_digit + 3;) {
    position -= 3;
    digits.insert(position, 1, ',');
  }
  return digits;
}

std::string format_bytes(unsigned long long bytes) {
  if (bytes < 1024) return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double amount = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (amount >= 1023.5 && unit + 1 < std::size(kUnits)) {
    amount /= 1024;
    ++unit;
  }
  return amount < 99.95 ? fmt::format("{:.1f} {}", amount, kUnits[unit])
                        : fmt::format("{:.0f} {}", amount, kUnits[unit]);
}

}  // namespace manyshot
