#include <algorithm>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "table/cell_values.h"
#include "table/csv_blocks.h"
#include "table/csv_dialect.h"
#include "table/foreign_format.h"
#include "table/table_reader.h"
#include "table/text_source.h"

namespace manyshot {
namespace {

constexpr size_t kSampleBytes = 1 << 16;
constexpr size_t kMaxSampleBytes = 1 << 24;
constexpr size_t kSampleLines = 10;

// The start of the text: kSampleBytes, more if that is fewer than kSampleLines lines. The last line of the file has a
// line end.
std::string read_sample(TextSource& source) {
  std::string sample;
  bool is_whole = false;
  size_t size = 0;
  for (size_t wanted = kSampleBytes; wanted <= kMaxSampleBytes; wanted *= 2) {
    sample.resize(wanted);
    while (wanted - size >= 64) {
      const size_t count = source.read(sample.data() + size, wanted - size);
      is_whole = count == 0;
      if (is_whole) break;
      size += count;
    }
    sample.resize(size);
    const auto lines = std::count_if(sample.begin(), sample.end(), [](char c) { return c == '\n' || c == '\r'; });
    if (is_whole || lines >= static_cast<std::ptrdiff_t>(kSampleLines)) break;
  }
  if (is_whole) sample += '\r';  // ends a line, and keeps files without '\n' recognisable
  return sample;
}

class CsvReader final : public TableReader {
 public:
  CsvReader(InputFile file, const ReadOptions& options);

  const std::vector<std::string>& header() const override { return header_; }
  const std::vector<std::string>& notes() const override { return notes_; }
  std::string format_name() const override;
  bool semicolon_separated() const override { return dialect_.delimiter == ';'; }
  void scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const override;

 private:
  CsvBlocks open_blocks() const;
  void note_header_like_data(const CsvBlocks& blocks);

  InputFile file_;
  bool missing_marks_;
  std::string encoding_;
  CsvDialect dialect_;
  std::vector<std::string> header_;
  std::vector<std::string> notes_;
};

CsvReader::CsvReader(InputFile file, const ReadOptions& options)
    : file_(std::move(file)),
      missing_marks_(options.missing_marks),
      encoding_(resolve_encoding(file_, options.encoding)) {
  const std::string sample = read_sample(*open_text(file_, encoding_));
  reject_foreign_format(file_.path(), sample);
  dialect_ = sniff_csv(sample, options.delimiter);
  CsvBlocks blocks = open_blocks();
  header_ = blocks.header();
  check_column_count(file_.path(), header_.size());
  if (!blocks.next()) {
    fail(ErrorKind::kBadInput, "{}: the file has a header ({}) but no rows; add at least one line of values",
         file_.path(), list_names(header_));
  }
  note_header_like_data(blocks);
}

CsvBlocks CsvReader::open_blocks() const {
  auto text = open_text(file_, encoding_);
  if (dialect_.joins_spaces) text = join_spaces(std::move(text), dialect_.quote);
  return CsvBlocks(file_.path(), std::move(text), dialect_);
}

// A header of numbers only, or one whose every name also occurs below it, is likely a first row of a file without a
// header.
void CsvReader::note_header_like_data(const CsvBlocks& blocks) {
  const bool all_numbers = std::all_of(header_.begin(), header_.end(), [](const std::string& name) {
    return parse_number(name, NumberStyle::kPoint) || parse_number(name, NumberStyle::kComma);
  });
  bool all_repeated = true;
  for (size_t column = 0; column < header_.size() && all_repeated; ++column) {
    all_repeated = false;
    visit_column(blocks.rows(), static_cast<int32_t>(column),
                 [&](std::string_view cell, bool) { all_repeated |= cell == header_[column]; });
  }
  if (!all_numbers && !all_repeated) return;
  notes_.push_back(
      fmt::format("the first line ({}) is taken as the column names but looks like values; if it is a row, add a line "
                  "with names above it",
                  list_names(header_)));
}

std::string CsvReader::format_name() const {
  std::string name = fmt::format("CSV, {}, {}", delimiter_name(dialect_.delimiter), encoding_);
  if (dialect_.quote == '\'') name += ", single quotes";
  if (dialect_.backslash_escapes) name += ", backslash escapes";
  return name;
}

void CsvReader::scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const {
  CsvBlocks blocks = open_blocks();
  TextBatch batch;
  batch.cells.resize(columns.size());
  while (blocks.next()) {
    check_interrupted();
    batch.first_row = blocks.first_row();
    batch.num_rows = blocks.num_rows();
    for (size_t i = 0; i < columns.size(); ++i) {
      auto& cells = batch.cells[i];
      cells.clear();
      cells.reserve(batch.num_rows);
      visit_column(blocks.rows(), static_cast<int32_t>(columns[i]), [&](std::string_view cell, bool) {
        cells.push_back(missing_marks_ && is_missing_mark(cell) ? std::string_view() : cell);
      });
    }
    if (!visit(batch)) return;
  }
}

}  // namespace

std::unique_ptr<TableReader> open_csv(InputFile file, const ReadOptions& options) {
  return std::make_unique<CsvReader>(std::move(file), options);
}

}  // namespace manyshot
