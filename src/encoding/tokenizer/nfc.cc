#include "encoding/tokenizer/nfc.h"

#include <utf8proc.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "encoding/tokenizer/utf8.h"

namespace manyshot {
namespace {

// REQUIRES: `text` is valid UTF-8.
void append_normalized(std::string_view text, std::string& out) {
  if (text.empty()) return;
  utf8proc_uint8_t* normalized = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &normalized, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(normalized, &std::free);
  if (size < 0)
    fail(ErrorKind::kOutOfMemory, "cannot normalize {} bytes of text: {}", text.size(), utf8proc_errmsg(size));
  out.append(reinterpret_cast<const char*>(normalized), static_cast<size_t>(size));
}

size_t skip_ascii(std::string_view text, size_t pos) {
  for (uint64_t word; pos + sizeof(word) <= text.size(); pos += sizeof(word)) {
    std::memcpy(&word, text.data() + pos, sizeof(word));
    if (word & 0x8080808080808080U) break;
  }
  while (pos < text.size() && static_cast<uint8_t>(text[pos]) < 0x80) ++pos;
  return pos;
}

bool is_surely_nfc(std::string_view text) {
  for (size_t pos = skip_ascii(text, 0); pos < text.size(); pos = skip_ascii(text, pos)) {
    const Utf8Char c = decode_utf8(text, pos);
    if (c.code_point != Utf8Char::kInvalid && !is_nfc_inert(c.code_point)) return false;
    pos += c.size;
  }
  return true;
}

}  // namespace

bool is_nfc_inert(char32_t c) {
  return c < 0x300 || (c >= 0x400 && c < 0x483) ||                      // Latin, Cyrillic
         (c >= 0x2010 && c < 0x2028) ||                                 // dashes, quotes
         (c >= 0x3001 && c < 0x302A) ||                                 // CJK punctuation
         (c >= 0x3041 && c < 0x3097) || (c >= 0x30A1 && c < 0x3100) ||  // kana
         (c >= 0x4E00 && c < 0xA000) || (c >= 0xAC00 && c < 0xD7A4) ||  // Han, Hangul
         (c >= 0xFF01 && c < 0xFFEF) || (c >= 0x1F300 && c < 0x1FB00);  // full-width forms, emoji
}

std::string_view to_nfc(std::string_view text, std::string& buffer) {
  if (is_surely_nfc(text)) return text;
  buffer.clear();
  size_t begin = 0;
  for (size_t pos = 0; pos < text.size();) {
    const Utf8Char c = decode_utf8(text, pos);
    if (c.code_point == Utf8Char::kInvalid) {
      append_normalized(text.substr(begin, pos - begin), buffer);
      buffer += text[pos];
      begin = pos + 1;
    }
    pos += c.size;
  }
  append_normalized(text.substr(begin), buffer);
  return buffer;
}

}  // namespace manyshot
