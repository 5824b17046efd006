// Pieces of a text file of any size, cut where no token reaches across.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

namespace manyshot {

// Pieces end behind a line end that a letter follows: the split patterns of GPT-2, Llama 3, Qwen2 and SmolLM2 all begin
// a new word there, so that the tokens of the pieces are those of the text. A text without such places is one piece.
class TextPieces {
 public:
  // Throws Error(kNotFound, kBadInput) for a file that cannot be read or is empty.
  explicit TextPieces(const std::string& path);

  // The next piece, of at least `least_bytes` unless it is the last; false at the end. Throws Error(kBadInput) naming
  // the byte for a text that is not UTF-8.
  bool next(std::string& piece, size_t least_bytes);

  const std::string& path() const { return path_; }
  uint64_t file_bytes() const { return file_bytes_; }

 private:
  bool read_more();

  std::string path_;
  std::ifstream file_;
  std::string buffer_;  // read and not yet given
  uint64_t given_bytes_ = 0;
  uint64_t file_bytes_ = 0;
};

}  // namespace manyshot
