// The classes of characters that pre-tokenizers split at: \p{L}, \p{N} and \s of Unicode 16, as Hugging Face
// `tokenizers` 0.23 knows them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace manyshot {

enum class CharClass : uint8_t { kOther, kLetter, kNumber, kSpace };

struct ClassifiedChar {
  CharClass char_class;
  uint8_t size;  // bytes
};

CharClass char_class(char32_t code_point);

// The character at `pos`; a byte that is not UTF-8 is kOther. REQUIRES: pos < text.size().
ClassifiedChar classify_multibyte(std::string_view text, size_t pos);

namespace detail {
constexpr std::array<CharClass, 128> make_ascii_classes() {
  std::array<CharClass, 128> classes{};
  for (char c = 'a'; c <= 'z'; ++c) classes[c] = classes[c - 'a' + 'A'] = CharClass::kLetter;
  for (char c = '0'; c <= '9'; ++c) classes[c] = CharClass::kNumber;
  for (const char c : {' ', '\t', '\n', '\v', '\f', '\r'}) classes[c] = CharClass::kSpace;
  return classes;
}
inline constexpr std::array<CharClass, 128> kAsciiClasses = make_ascii_classes();
}  // namespace detail

inline ClassifiedChar classify(std::string_view text, size_t pos) {
  const auto byte = static_cast<uint8_t>(text[pos]);
  if (byte < 0x80) return {detail::kAsciiClasses[byte], 1};
  return classify_multibyte(text, pos);
}

}  // namespace manyshot
