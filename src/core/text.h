// Small operations on text that messages and readers share.
#pragma once

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace manyshot {

// The candidate nearest to `name` by edit distance (case ignored, Damerau-Levenshtein), or nothing when none is near
// enough to be a likely slip (more than a third of the longer length away). Names of more than 256 bytes are not
// compared.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates);

// "; did you mean "age"?" or "" - the end of a message about an unknown name.
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

// The first `limit` names, for messages: "a", "b", "c" and 12 more.
std::string list_names(std::span<const std::string> names, size_t limit = 8);

// The first `max_bytes` of `text`, for messages: control characters escaped, cut at a UTF-8 boundary with "…" and the
// full length.
std::string excerpt(std::string_view text, size_t max_bytes = 60);

// Byte offset of the first byte that is not valid UTF-8 (RFC 3629: no overlong forms, no surrogates), or nothing.
std::optional<size_t> find_invalid_utf8(std::string_view text);

// The number that std::from_chars reads in the whole text; nothing for any other text, and beyond what T holds.
template <class T>
std::optional<T> parse_exact(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end ? std::optional(value) : std::nullopt;
}

// 1234567 -> "1,234,567"
std::string with_thousands(long long value);

// "1.2 GiB", "640 KiB", "12 bytes"
std::string format_bytes(unsigned long long bytes);

}  // namespace manyshot
