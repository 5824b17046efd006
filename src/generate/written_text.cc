#include "generate/written_text.h"

#include <algorithm>

#include "encoding/tokenizer/utf8.h"

namespace manyshot {
namespace {

// How many bytes at the end of `text` may be the beginning of `stop`.
size_t begun(std::string_view text, std::string_view stop) {
  for (size_t count = std::min(text.size(), stop.size() - 1); count > 0; --count) {
    if (stop.starts_with(text.substr(text.size() - count))) return count;
  }
  return 0;
}

// How many bytes at the end of `text` may be the beginning of a character.
size_t cut_character(std::string_view text) {
  for (size_t count = 1; count <= std::min<size_t>(text.size(), 3); ++count) {
    const auto byte = static_cast<unsigned char>(text[text.size() - count]);
    if ((byte & 0xC0) == 0x80) continue;  // goes on with a character
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return count < length ? count : 0;
  }
  return 0;
}

std::string as_utf8(std::string_view bytes) {
  std::string text;
  for (size_t pos = 0; pos < bytes.size();) {
    const Utf8Char c = decode_utf8(bytes, pos);
    append_utf8(c.code_point == Utf8Char::kInvalid ? U'\uFFFD' : c.code_point, text);
    pos += c.size;
  }
  return text;
}

}  // namespace

bool WrittenText::append(std::string_view bytes) {
  if (stopped_) return true;
  waiting_ += bytes;
  size_t end = std::string::npos;
  for (const std::string& stop : stop_) end = std::min(end, waiting_.find(stop));
  if (end == std::string::npos) return false;
  waiting_.resize(end);
  stopped_ = true;
  return true;
}

std::string WrittenText::take(bool is_end) {
  size_t held = 0;
  if (!is_end && !stopped_) {
    for (const std::string& stop : stop_) held = std::max(held, begun(waiting_, stop));
    const std::string_view certain = std::string_view(waiting_).substr(0, waiting_.size() - held);
    held += cut_character(certain);
  }
  const std::string piece = as_utf8(std::string_view(waiting_).substr(0, waiting_.size() - held));
  waiting_.erase(0, waiting_.size() - held);
  return piece;
}

}  // namespace manyshot
