#include "core/range.h"

#include <fmt/format.h>

#include "core/text.h"

namespace manyshot {
std::string to_text(const IntRange& range) {
  return range.low == range.high ? fmt::format("{}", range.low) : fmt::format("{}:{}", range.low, range.high);
}

std::optional<IntRange> parse_range(std::string_view text) {
  const size_t colon = text.find(':');
  const auto low = parse_exact<int64_t>(text.substr(0, colon));
  const auto high = colon == std::string_view::npos ? low : parse_exact<int64_t>(text.substr(colon + 1));
  return low && high ? std::optional(IntRange{*low, *high}) : std::nullopt;
}

}  // namespace manyshot
