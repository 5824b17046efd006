// An inclusive range of whole numbers, as options and recipes write it: "7" or "5:50".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace manyshot {

struct IntRange {
  int64_t low = 0;
  int64_t high = 0;
  bool operator==(const IntRange&) const = default;
  bool contains(int64_t value) const { return low <= value && value <= high; }
};

// "5:50", or "7" where both ends are equal.
std::string to_text(const IntRange& range);
// Reads the whole text; nothing where it is no range. The ends may come in the wrong order: that is for the caller to
// refuse.
std::optional<IntRange> parse_range(std::string_view text);

}  // namespace manyshot
