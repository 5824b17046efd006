#include "table/csv_blocks.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr size_t kBlockBytes = 1 << 19;
constexpr size_t kMaxRowBytes = 1 << 26;
constexpr size_t kLeastRead = 64;  // TextSource::read wants that much room

std::string_view first_line(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

}  // namespace

CsvBlocks::CsvBlocks(const std::string& path, std::unique_ptr<TextSource> text, const CsvDialect& dialect,
                     bool has_header)
    : path_(path), text_(std::move(text)), dialect_(dialect), buffer_(kBlockBytes) {
  if (!parse(/*num_columns=*/-1, /*max_rows=*/1)) {
    fail(ErrorKind::kBadInput,
         "{}: the file has no text; a table needs a header line with the column names, then one line a row", path_);
  }
  if (!has_header) {
    header_.resize(static_cast<size_t>(rows_->num_cols()));
    parsed_bytes_ = 0;  // next() parses the line again, as a row
    return;
  }
  for (int32_t column = 0; column < rows_->num_cols(); ++column) {
    visit_column(*rows_, column, [&](std::string_view cell, bool) { header_.emplace_back(cell); });
  }
}

bool CsvBlocks::next() {
  consume(parsed_bytes_);
  if (!in_header_) first_row_ += num_rows();
  in_header_ = false;
  return parse(static_cast<int32_t>(header_.size()), arrow::csv::kMaxParserNumRows);
}

bool CsvBlocks::parse(int32_t num_columns, int32_t max_rows) {
  std::optional<RaggedRow> ragged;
  arrow::csv::ParseOptions options = parse_options(dialect_);
  options.invalid_row_handler = [&](const arrow::csv::InvalidRow& row) {
    ragged = {row.actual_columns, static_cast<size_t>(row.text.data() - waiting().data()),
              static_cast<uint64_t>(row.number)};
    return arrow::csv::InvalidRowResult::Error;
  };
  for (;;) {
    refill();
    consume(std::min(waiting().find_first_not_of("\r\n"), waiting().size()));
    if (waiting().empty()) {
      if (at_end_) return false;
      continue;
    }
    rows_ = std::make_unique<arrow::csv::BlockParser>(options, num_columns, /*first_row=*/0, max_rows);
    uint32_t used = 0;
    const auto status = rows_->Parse(waiting(), &used);
    if (ragged) fail_ragged(*ragged);
    if (status.ok() && num_rows() > 0) {
      parsed_bytes_ = used;
      check_utf8(waiting().substr(0, used));
      return true;
    }
    // Arrow calls a header that is not all there yet an error.
    if (!status.ok() && !in_header_) fail(ErrorKind::kInternal, "{}:{}: {}", path_, line_at(0), status.message());
    if (at_end_) fail_endless_row("the file ends inside a quoted cell");
    grow();
  }
}

void CsvBlocks::consume(size_t bytes) {
  lines_before_ += count_line_ends(waiting().substr(0, bytes));
  begin_ += bytes;
  parsed_bytes_ = 0;
}

void CsvBlocks::refill() {
  if (at_end_) return;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const size_t known = end_;
  while (buffer_.size() - end_ >= kLeastRead) {
    const size_t count = text_->read(buffer_.data() + end_, buffer_.size() - end_);
    at_end_ = count == 0;
    if (at_end_) break;
    end_ += count;
  }
  // With a line end behind the last row, a row that is left over has an open quote.
  if (at_end_ && end_ > 0 && buffer_[end_ - 1] != '\n' && buffer_[end_ - 1] != '\r')
    buffer_[end_++] = dialect_.line_end;
  const size_t nul = waiting().find('\0', known);
  if (nul == std::string_view::npos) return;
  fail(ErrorKind::kBadInput,
       "{}:{}: byte 0 in the text: this looks like a binary file; give a CSV or Parquet file (for UTF-16 text without "
       "a byte order mark: --encoding utf-16le)",
       path_, line_at(nul));
}

void CsvBlocks::grow() {
  if (buffer_.size() >= kMaxRowBytes) {
    fail_endless_row(fmt::format("it has no end within {}", format_bytes(kMaxRowBytes)));
  }
  buffer_.resize(2 * buffer_.size());
}

size_t CsvBlocks::count_line_ends(std::string_view text) const {
  size_t count = 0;
  for (size_t at = text.find(dialect_.line_end); at != std::string_view::npos;
       at = text.find(dialect_.line_end, at + 1))
    ++count;
  return count;
}

uint64_t CsvBlocks::line_at(size_t offset) const {
  return lines_before_ + count_line_ends(waiting().substr(0, offset)) + 1;
}

std::string CsvBlocks::row_name(uint64_t row_in_block) const {
  return in_header_ ? "the header" : fmt::format("row {} (counted from 0)", first_row_ + row_in_block);
}

void CsvBlocks::fail_ragged(const RaggedRow& row) const {
  const std::string delimiter = delimiter_name(dialect_.delimiter);
  const std::string_view text = first_line(waiting().substr(row.offset));
  std::string advice = "add the cells that are not there (a missing value is an empty cell)";
  if (text.starts_with('#')) {
    advice = "if it is a comment, take the line out of the file";
  } else if (static_cast<size_t>(row.num_cells) > header_.size()) {
    advice = fmt::format("put cells that contain the delimiter ({}) in quotes, or name the right one with --delimiter",
                         delimiter);
    if (header_.size() == 1) advice += "; if the first line is a title and not the header, take it out of the file";
  }
  fail(ErrorKind::kBadInput, "{}:{}: {} has {} cells, the header has {}: \"{}\"; {}", path_, line_at(row.offset),
       row_name(row.row_in_block), row.num_cells, header_.size(), excerpt(text), advice);
}

void CsvBlocks::fail_endless_row(const std::string& reason) const {
  fail(ErrorKind::kBadInput,
       "{}:{}: {} starts here and does not end ({}): \"{}\"; close the quote ({}), or double it if it belongs to the "
       "text",
       path_, line_at(0), row_name(0), reason, excerpt(first_line(waiting())), dialect_.quote);
}

void CsvBlocks::check_utf8(std::string_view block) const {
  const auto offset = find_invalid_utf8(block);
  if (!offset) return;
  struct Place {
    size_t row = std::numeric_limits<size_t>::max();
    int32_t column = 0;
    std::string_view cell;
    size_t offset = 0;
  } first;
  for (int32_t column = 0; column < rows_->num_cols(); ++column) {
    size_t row = 0;
    visit_column(*rows_, column, [&](std::string_view cell, bool) {
      const auto offset_in_cell = find_invalid_utf8(cell);
      if (offset_in_cell && row < first.row) first = {row, column, cell, *offset_in_cell};
      ++row;
    });
  }
  if (first.cell.empty()) return;  // only a closing quote stood inside a character
  fail_not_utf8(first.row, static_cast<size_t>(first.column), first.cell, first.offset, line_at(*offset));
}

void CsvBlocks::fail_not_utf8(size_t row, size_t column, std::string_view cell, size_t offset, uint64_t line) const {
  std::string hex;
  for (const char c : cell.substr(offset, 4)) {
    if (static_cast<unsigned char>(c) < 0x80) break;
    hex += fmt::format(" {:02X}", static_cast<unsigned char>(c));
  }
  const std::string name = in_header_ ? "" : fmt::format(" \"{}\"", excerpt(header_[column]));
  fail(ErrorKind::kBadInput,
       "{}:{}: {}, column {}{}: the bytes{} after \"{}\" are not UTF-8; name the file's encoding, for example "
       "--encoding latin1 or --encoding windows-1252",
       path_, line, row_name(row), column + 1, name, hex, excerpt(cell.substr(0, offset)));
}

}  // namespace manyshot
