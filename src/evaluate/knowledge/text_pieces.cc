#include "evaluate/knowledge/text_pieces.h"

#include <filesystem>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr size_t kReadBytes = size_t{1} << 20;

// Of characters that are letters for certain: ASCII, and U+4000 to U+9FFF (three bytes, CJK).
bool begins_letter(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return (value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z') || (value >= 0xE4 && value <= 0xE9);
}

// The first place from `begin` on where a piece may end, or npos.
size_t find_cut(const std::string& text, size_t begin) {
  for (size_t end = text.find('\n', begin); end != std::string::npos; end = text.find('\n', end + 1)) {
    if (end + 1 < text.size() && begins_letter(text[end + 1])) return end + 1;
  }
  return std::string::npos;
}

}  // namespace

TextPieces::TextPieces(const std::string& path) : path_(path), file_(path, std::ios::binary) {
  std::error_code error;
  if (fs::is_directory(path, error)) fail(ErrorKind::kBadInput, "{}: is a folder; give the path of a text file", path);
  if (!file_) fail(ErrorKind::kNotFound, "{}: cannot open this file; check the path", path);
  file_bytes_ = fs::file_size(path, error);
  if (!error && file_bytes_ == 0) fail(ErrorKind::kBadInput, "{}: the file is empty; give a text to measure on", path);
}

bool TextPieces::read_more() {
  check_interrupted();
  const size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  file_.read(buffer_.data() + before, static_cast<std::streamsize>(kReadBytes));
  buffer_.resize(before + static_cast<size_t>(file_.gcount()));
  return buffer_.size() > before;
}

bool TextPieces::next(std::string& piece, size_t least_bytes) {
  size_t cut = std::string::npos, searched = least_bytes;
  do {
    if (buffer_.size() > searched) {
      cut = find_cut(buffer_, searched == 0 ? 0 : searched - 1);
      searched = std::max(searched, buffer_.size() - 1);  // its line end may be the last byte
    }
  } while (cut == std::string::npos && read_more());
  piece = buffer_.substr(0, cut);
  if (piece.empty()) return false;
  if (const auto byte = find_invalid_utf8(piece)) {
    fail(ErrorKind::kBadInput, "{}: byte {} is not UTF-8; convert the text (iconv -f … -t UTF-8)", path_,
         given_bytes_ + *byte);
  }
  buffer_.erase(0, piece.size());
  given_bytes_ += piece.size();
  return true;
}

}  // namespace manyshot
