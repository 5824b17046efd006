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

// What is changed in CSV text before its cells are told apart. Line ends stay, so that lines count as in the file.
struct LineEdits {
  size_t lines_left_out = 0;               // at the top
  bool comments_left_out = false;          // lines that start with # outside quotes
  bool quotes_after_blanks = false;        // blanks before an opening and behind a closing quote are left out
  std::string before_first, behind_first;  // added to the first line that is not left out
  char delimiter = ',', quote = '"';

  bool any() const {
    return lines_left_out > 0 || comments_left_out || quotes_after_blanks || !before_first.empty() ||
           !behind_first.empty();
  }
};

class LineEditor {
 public:
  explicit LineEditor(const LineEdits& edits) : edits_(edits), lines_left_out_(edits.lines_left_out) {}
  // Appends the edited form of `text`, the continuation of earlier calls.
  void append(std::string_view text, std::string& out);
  // Closing quotes that neither a delimiter nor a line end follows: then quotes are text.
  size_t num_loose_quotes() const { return num_loose_quotes_; }

 private:
  void add(char c, std::string& out);

  LineEdits edits_;
  size_t lines_left_out_;
  size_t num_loose_quotes_ = 0;
  std::string blanks_;  // held back before a quote or behind one
  bool quoted_ = false, behind_quote_ = false, in_comment_ = false;
  bool at_line_start_ = true, at_cell_start_ = true, in_first_line_ = true, is_first_begun_ = false;
};
std::unique_ptr<TextSource> edit_lines(std::unique_ptr<TextSource> source, const LineEdits& edits);

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
