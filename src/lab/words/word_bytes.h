// Which bytes words are made of.
#pragma once

#include <cctype>

namespace manyshot::lab {

// A letter or digit of ASCII, or a byte of any other character in UTF-8.
inline bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80;
}

}  // namespace manyshot::lab
