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
  bool is_index_column(size_t column) const override {
    return column == 0 && dialect_.shape == CsvDialect::Shape::kRowNames;
  }
  std::string header_advice() const override;
  void scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const override;

 private:
  CsvBlocks open_blocks() const;
  void note_header_like_data(const CsvBlocks& blocks);

  InputFile file_;
  bool has_header_, missing_marks_;
  bool header_looks_like_values_ = false;
  std::string encoding_;
  CsvDialect dialect_;
  std::vector<std::string> header_;
  std::vector<std::string> notes_;
};

CsvReader::CsvReader(InputFile file, const ReadOptions& options)
    : file_(std::move(file)),
      has_header_(options.has_header),
      missing_marks_(options.missing_marks),
      encoding_(resolve_encoding(file_, options.encoding)) {
  const std::string sample = read_sample(*open_text(file_, encoding_));
  reject_foreign_format(file_.path(), sample);
  dialect_ = sniff_csv(sample, options.delimiter);
  notes_ = dialect_.notes;
  CsvBlocks blocks = open_blocks();
  header_ = blocks.header();
  check_column_count(file_.path(), header_.size());
  if (!blocks.next()) {
    fail(ErrorKind::kBadInput, "{}: the file has a header ({}) but no rows; add at least one line of values",
         file_.path(), list_names(header_));
  }
  if (has_header_) {
    note_header_like_data(blocks);
  } else {
    notes_.push_back(
        fmt::format("read without a header: the columns are called column_1 to column_{}", header_.size()));
  }
}

CsvBlocks CsvReader::open_blocks() const {
  auto text = open_text(file_, encoding_);
  if (const LineEdits edits = dialect_.edits(); edits.any()) text = edit_lines(std::move(text), edits);
  if (dialect_.joins_spaces) text = join_spaces(std::move(text), dialect_.quote);
  return CsvBlocks(file_.path(), std::move(text), dialect_, has_header_);
}

// A header is likely the first row of a file without one when each name, or half of them and some text among them,
// stands below it in its column or is a number above numbers.
void CsvReader::note_header_like_data(const CsvBlocks& blocks) {
  const auto is_number = [](std::string_view cell) {
    const NumberReadings number = parse_number_both_styles(cell);
    return number.point || number.comma;
  };
  size_t all_numbers = 0, like_values = 0, repeated_texts = 0;
  for (size_t column = 0; column < header_.size(); ++column) {
    const std::string_view name = trim_blanks(header_[column]);
    bool is_repeated = false;
    size_t numbers = 0, filled = 0;
    visit_column(blocks.rows(), static_cast<int32_t>(column), [&](std::string_view cell, bool) {
      is_repeated |= trim_blanks(cell) == name;
      filled += !is_blank(cell);
      numbers += is_number(cell);
    });
    all_numbers += is_number(name);
    like_values += is_repeated || (is_number(name) && filled > 0 && numbers * 10 >= filled * 9);
    repeated_texts += is_repeated && !is_blank(name) && !is_number(name);
  }
  header_looks_like_values_ = all_numbers == header_.size() || like_values == header_.size() ||
                              (repeated_texts > 0 && like_values > repeated_texts && like_values * 2 >= header_.size());
  if (!header_looks_like_values_) return;
  notes_.push_back(
      fmt::format("the first line ({}) is taken as the column names but looks like values; if it is a row, give "
                  "--no-header, or add a line with names above it",
                  list_names(header_)));
}

std::string CsvReader::header_advice() const {
  return header_looks_like_values_ ? "; the first line looks like values: for a file without a header give --no-header"
                                   : "";
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
        cells.push_back(missing_marks_ && is_blank(cell) ? std::string_view() : cell);
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
