// The text of a file as a stream of UTF-8: decompressed, converted from its encoding, without a byte order mark.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "table/input_file.h"

namespace manyshot {

class TextSource {
 public:
  virtual ~TextSource() = default;
  // Fills up to `max` bytes; 0 only at the end. REQUIRES: max >= 64, so that any character fits. Throws
  // Error(kBadInput, kCorruptFile) naming file and line.
  virtual size_t read(char* out, size_t max) = 0;
};

// The encoding to convert from, "UTF-8" for none. `encoding` "auto" means UTF-16 if the text starts with its byte order
// mark, else UTF-8. Throws Error(kBadInput) for a name iconv does not know.
std::string resolve_encoding(const InputFile& file, const std::string& encoding);

// Bytes pass unchecked when `encoding` is "UTF-8".
std::unique_ptr<TextSource> open_text(const InputFile& file, const std::string& encoding);

// Joins each run of spaces and tabs outside quotes into one space, and drops those at either end of a line, so that
// space-aligned columns become cells with one delimiter.
class SpaceJoiner {
 public:
  explicit SpaceJoiner(char quote) : quote_(quote) {}
  // Appends the joined form of `text`, the continuation of earlier calls.
  void append(std::string_view text, std::string& out);

 private:
  char quote_;
  bool quoted_ = false;
  bool after_quoted_ = false;  // a quote right here is the second of a doubled one
  bool at_line_start_ = true;
  bool pending_space_ = false;
};
std::unique_ptr<TextSource> join_spaces(std::unique_ptr<TextSource> source, char quote);

}  // namespace manyshot
