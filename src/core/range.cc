#include "core/range.h"

#include <fmt/format.h>

#include <charconv>

namespace manyshot {
namespace {

std::optional<int64_t> parse_whole(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string to_text(const IntRange& range) {
  return range.low == range.high ? fmt::format("{}", range.low) : fmt::format("{}:{}", range.low, range.high);
}

std::optional<IntRange> parse_range(std::string_view text) {
  const size_t colon = text.find(':');
  const auto low = parse_whole(text.substr(0, colon));
  const auto high = colon == std::string_view::npos ? low : parse_whole(text.substr(colon + 1));
  return low && high ? std::optional(IntRange{*low, *high}) : std::nullopt;
}

}  // namespace manyshot
