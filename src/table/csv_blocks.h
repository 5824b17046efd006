// Blocks of parsed rows of a CSV file, checked: rows of equal width, closed quotes, UTF-8, no NUL bytes. For the .cc
// files of table/ only: it brings Arrow's headers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "table/arrow_csv.h"
#include "table/text_source.h"

namespace manyshot {

class CsvBlocks {
 public:
  // Reads the header; without one (`has_header`) its names are empty, as many as the first row has cells. Throws
  // Error(kBadInput) if there is no line, and as next().
  CsvBlocks(const std::string& path, std::unique_ptr<TextSource> text, const CsvDialect& dialect, bool has_header);

  const std::vector<std::string>& header() const { return header_; }

  // Parses further rows; false at the end. Throws Error(kBadInput) naming file, line, row and, where there is one,
  // column.
  bool next();
  // The rows of the last next(); views into them live until the following one.
  const arrow::csv::BlockParser& rows() const { return *rows_; }
  uint64_t first_row() const { return first_row_; }
  size_t num_rows() const { return static_cast<size_t>(rows_->num_rows()); }

 private:
  struct RaggedRow {
    int32_t num_cells;
    size_t offset;  // of its text in waiting()
    uint64_t row_in_block;
  };

  bool parse(int32_t num_columns, int32_t max_rows);
  void consume(size_t bytes);
  void refill();
  void grow();
  std::string_view waiting() const { return {buffer_.data() + begin_, end_ - begin_}; }
  size_t count_line_ends(std::string_view text) const;
  uint64_t line_at(size_t offset) const;  // 1-based file line of an offset into waiting()
  std::string row_name(uint64_t row_in_block) const;
  void check_utf8(std::string_view block) const;
  [[noreturn]] void fail_ragged(const RaggedRow& row) const;
  [[noreturn]] void fail_endless_row(const std::string& reason) const;
  [[noreturn]] void fail_not_utf8(size_t row, size_t column, std::string_view cell, size_t offset, uint64_t line) const;

  std::string path_;
  std::unique_ptr<TextSource> text_;
  CsvDialect dialect_;
  std::vector<std::string> header_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // the bytes of buffer_ not yet consumed
  bool at_end_ = false;         // text_ has no more
  size_t parsed_bytes_ = 0;     // of waiting(), by the last parse()
  uint64_t lines_before_ = 0;   // line ends consumed
  uint64_t first_row_ = 0;
  bool in_header_ = true;
  std::unique_ptr<arrow::csv::BlockParser> rows_;
};

}  // namespace manyshot
