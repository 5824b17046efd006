#include "table/text_table.h"

#include <algorithm>
#include <numeric>

#include "core/interrupt.h"
#include "core/text.h"
#include "table/table_reader.h"

namespace manyshot {
namespace {

constexpr uint32_t kMissingLength = 0xFFFFFFFF;
constexpr size_t kBatchRows = 8192;

void add_rows(const TableFile& file, std::span<const size_t> file_columns, TextTable& table) {
  file.scan(file_columns, [&](const TextBatch& batch) {
    for (size_t i = 0; i < file_columns.size(); ++i) {
      for (const std::string_view cell : batch.cells[i]) table.columns[i].add(cell);
    }
    table.num_rows += batch.num_rows;
    return true;
  });
}

class TextTableReader final : public TableReader {
 public:
  explicit TextTableReader(std::shared_ptr<const TextTable> table) : table_(std::move(table)) {
    for (const TextColumn& column : table_->columns) header_.push_back(column.name);
  }

  const std::vector<std::string>& header() const override { return header_; }
  const std::vector<std::string>& notes() const override { return notes_; }
  std::string format_name() const override { return "columns in memory"; }
  bool semicolon_separated() const override { return table_->semicolon_separated; }
  bool is_text_column(size_t column) const override { return table_->columns[column].is_text; }
  void scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const override {
    TextBatch batch;
    batch.cells.resize(columns.size());
    for (; batch.first_row < table_->num_rows; batch.first_row += batch.num_rows) {
      check_interrupted();
      batch.num_rows = std::min<size_t>(kBatchRows, table_->num_rows - batch.first_row);
      for (size_t i = 0; i < columns.size(); ++i) {
        batch.cells[i].clear();
        for (size_t row = 0; row < batch.num_rows; ++row)
          batch.cells[i].push_back(table_->columns[columns[i]].cell(batch.first_row + row));
      }
      if (!visit(batch)) return;
    }
  }

 private:
  std::shared_ptr<const TextTable> table_;
  std::vector<std::string> header_, notes_;
};

}  // namespace

void TextColumn::add(std::string_view cell) {
  bytes.append(cell);
  ends.push_back(bytes.size());
  missing.push_back(cell.data() == nullptr);
}

std::string_view TextColumn::cell(size_t row) const {
  if (missing[row]) return {};
  const uint64_t begin = row == 0 ? 0 : ends[row - 1];
  return std::string_view(bytes).substr(begin, ends[row] - begin);
}

TextTable TextTable::of(const TableFile& file, std::span<const std::string> names) {
  TextTable table{.semicolon_separated = file.semicolon_separated()};
  std::vector<size_t> file_columns;
  for (const std::string& name : names) {
    file_columns.push_back(file.column_index(name));
    table.columns.push_back({.name = name, .is_text = file.is_text_column(file_columns.back())});
  }
  add_rows(file, file_columns, table);
  return table;
}

void TextTable::append(const TableFile& file) {
  std::vector<size_t> file_columns;
  for (const TextColumn& column : columns) file_columns.push_back(file.column_index(column.name));
  add_rows(file, file_columns, *this);
}

// Whether numbers have a decimal comma by their separator, the number of rows, and of columns; of each its name,
// whether it is text, the length of each cell in bytes or kMissingLength, and the cells.
void TextTable::write(ByteWriter& writer) const {
  writer.number<uint8_t>(semicolon_separated);
  writer.number<uint64_t>(num_rows);
  writer.number<uint64_t>(columns.size());
  for (const TextColumn& column : columns) {
    writer.text(column.name);
    writer.number<uint8_t>(column.is_text);
    for (size_t row = 0; row < num_rows; ++row)
      writer.number(column.missing[row] ? kMissingLength : static_cast<uint32_t>(column.cell(row).size()));
    writer.text(column.bytes);
  }
}

TextTable TextTable::read(ByteReader& reader) {
  TextTable table{.num_rows = 0};
  table.semicolon_separated = reader.number<uint8_t>() != 0;
  table.num_rows = reader.number<uint64_t>();
  const size_t num_columns = reader.count(sizeof(uint64_t));
  if (num_columns == 0 || num_columns > kMaxColumns + 1) reader.refuse("has no or too many columns");
  for (size_t i = 0; i < num_columns; ++i) {
    TextColumn& column = table.columns.emplace_back();
    column.name = reader.text();
    column.is_text = reader.number<uint8_t>() != 0;
    uint64_t end = 0;
    for (const uint32_t length : reader.block<uint32_t>(table.num_rows)) {
      column.missing.push_back(length == kMissingLength);
      end += length == kMissingLength ? 0 : length;
      column.ends.push_back(end);
    }
    column.bytes = reader.text();
    if (end != column.bytes.size()) reader.refuse("has cells that do not fit their lengths");
    bool is_utf8 = !find_invalid_utf8(column.name);
    for (size_t row = 0; row < table.num_rows; ++row) is_utf8 = is_utf8 && !find_invalid_utf8(column.cell(row));
    if (!is_utf8) reader.refuse("has text that is not UTF-8");
  }
  return table;
}

std::unique_ptr<TableReader> open_text_table(std::shared_ptr<const TextTable> table) {
  return std::make_unique<TextTableReader>(std::move(table));
}

}  // namespace manyshot
