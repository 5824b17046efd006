#include "encoding/tokenizer/byte_alphabet.h"

#include <array>
#include <cstdint>

#include "encoding/tokenizer/utf8.h"

namespace manyshot {
namespace {

constexpr char32_t kFirstSubstitute = 0x100;  // bytes without a glyph of their own take U+0100, U+0101, ... in order
constexpr size_t kNumSubstitutes = 68;

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<char32_t, 256> character{};
  std::array<uint8_t, kNumSubstitutes> substituted{};
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  size_t num_substituted = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (stands_for_itself(byte)) {
      alphabet.character[byte] = byte;
    } else {
      alphabet.substituted[num_substituted] = static_cast<uint8_t>(byte);
      alphabet.character[byte] = kFirstSubstitute + static_cast<char32_t>(num_substituted++);
    }
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();
static_assert(kAlphabet.character[' '] == U'Ġ' && kAlphabet.character[0xAD] == kFirstSubstitute + kNumSubstitutes - 1);

}  // namespace

std::optional<std::string> bytes_from_alphabet(std::string_view spelling) {
  std::string bytes;
  bytes.reserve(spelling.size());
  for (size_t pos = 0; pos < spelling.size();) {
    const Utf8Char c = decode_utf8(spelling, pos);
    pos += c.size;
    if (c.code_point < 256 && stands_for_itself(c.code_point)) {
      bytes += static_cast<char>(c.code_point);
    } else if (c.code_point >= kFirstSubstitute && c.code_point < kFirstSubstitute + kNumSubstitutes) {
      bytes += static_cast<char>(kAlphabet.substituted[c.code_point - kFirstSubstitute]);
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

std::string bytes_to_alphabet(std::string_view bytes) {
  std::string spelling;
  for (const char byte : bytes) append_utf8(kAlphabet.character[static_cast<uint8_t>(byte)], spelling);
  return spelling;
}

}  // namespace manyshot
