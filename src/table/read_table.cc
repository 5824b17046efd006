// read_rows and scan_table of schema.h.
#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "table/respelling.h"
#include "table/schema.h"
#include "table/string_set.h"

namespace manyshot {
namespace {

// Builds one column of a Table, cell by cell.
class ColumnBuilder {
 public:
  // `is_typed_text`: in the file that the cells come from.
  ColumnBuilder(const ColumnSchema& schema, bool is_typed_text) : schema_(schema), is_typed_text_(is_typed_text) {
    for (const std::string& category : schema.categories) known_.insert(category);
    clear();
  }

  void add(std::string_view cell, uint64_t row) {
    if (!column_.is_number()) {
      column_.codes.push_back(cell.data() ? code_of(cell, row) : kMissingCode);
    } else {
      column_.numbers.push_back(cell.data() ? number_of(cell, row) : kMissingNumber);
    }
  }
  void add_missing(size_t count) {
    if (!column_.is_number()) {
      column_.codes.resize(column_.codes.size() + count, kMissingCode);
    } else {
      column_.numbers.resize(column_.numbers.size() + count, kMissingNumber);
    }
  }

  // The cells since the last take().
  Column take() {
    for (size_t i = 0; i < added_.size(); ++i) column_.categories.emplace_back(added_[i]);
    Column taken = std::move(column_);
    clear();
    return taken;
  }

  const ReadNotes::Cells& unreadable() const { return unreadable_; }
  const ReadNotes::Cells& respelt() const { return respelt_; }
  const ReadNotes::Cells& unknown() const { return unknown_; }

 private:
  void clear() {
    column_ = {.name = schema_.name, .type = schema_.type, .categories = schema_.categories};
    added_.clear();
  }

  int32_t code_of(std::string_view cell, uint64_t row) {
    const int32_t code = known_.find(cell);
    if (code >= 0) return code;
    if (!is_typed_text_ && is_missing_word(cell)) return kMissingCode;
    if (schema_.type == ColumnType::kCategorical) {
      if (!respelling_) respelling_.emplace(schema_.categories);
      if (const int32_t meant = respelling_->find(cell); meant >= 0) {
        note(respelt_, cell, row);
        return meant;
      }
      note(unknown_, cell, row);
    }
    return static_cast<int32_t>(known_.size()) + added_.insert(cell);
  }

  double number_of(std::string_view cell, uint64_t row) {
    const std::optional<double> value = number_in(cell, schema_);
    if (value && std::isfinite(*value)) return *value;
    if (!is_gap(cell)) note(unreadable_, cell, row);
    return kMissingNumber;
  }

  // Missing words, gap marks, and what the column's own gap marks are.
  bool is_gap(std::string_view cell) const {
    if (is_missing_word(cell) || is_gap_mark(cell)) return true;
    const std::string_view text = trim_blanks(cell);
    return std::any_of(schema_.gap_marks.begin(), schema_.gap_marks.end(),
                       [&](const GapMark& mark) { return mark.spelling == text; });
  }

  void note(ReadNotes::Cells& cells, std::string_view cell, uint64_t row) const {
    if (cells.count++ == 0) cells = {schema_.name, std::string(cell), row, 1};
  }

  const ColumnSchema& schema_;
  Column column_;
  StringSet known_;  // the schema's categories, by code
  StringSet added_;  // further strings since the last take()
  bool is_typed_text_;
  std::optional<Respelling> respelling_;  // made for the first string that is not among the schema's
  ReadNotes::Cells unreadable_, respelt_, unknown_;
};

// Columns of a schema, filled from the columns of the same name of a file, and columns as the file spells them.
class TableBuilder {
 public:
  TableBuilder(const TableFile& file, const Schema& schema, ReadNotes* notes, VerbatimColumns* verbatim = nullptr)
      : notes_(notes), verbatim_(verbatim) {
    if (notes_) *notes_ = {};
    std::unordered_map<std::string_view, size_t> unclaimed;
    for (size_t i = 0; i < file.column_names().size(); ++i) unclaimed.emplace(file.column_names()[i], i);
    for (const ColumnSchema& column : schema.columns) {
      const auto found = unclaimed.find(column.name);
      builders_.emplace_back(column, found != unclaimed.end() && file.is_text_column(found->second));
      if (found != unclaimed.end()) {
        file_columns_.push_back(found->second);
        present_.push_back(builders_.size() - 1);
        unclaimed.erase(found);
      } else {
        absent_.push_back(builders_.size() - 1);
        if (notes_) notes_->absent.push_back(column.name);
      }
    }
    if (verbatim_) place_verbatim();
    if (!notes_) return;
    for (const std::string& name : file.column_names()) {
      if (unclaimed.contains(name)) notes_->extra.push_back(name);
    }
  }

  const std::vector<size_t>& file_columns() const { return file_columns_; }
  size_t num_rows() const { return num_rows_; }

  // Adds rows `rows` (positions in the batch).
  void add(const TextBatch& batch, std::span<const size_t> rows) {
    for (size_t i = 0; i < present_.size(); ++i) {
      ColumnBuilder& builder = builders_[present_[i]];
      for (const size_t row : rows) builder.add(batch.cells[i][row], batch.first_row + row);
    }
    for (const size_t column : absent_) builders_[column].add_missing(rows.size());
    for (size_t i = 0; i < texts_.size(); ++i) {
      for (const size_t row : rows) texts_[i].emplace_back(batch.cells[verbatim_places_[i]][row]);
    }
    num_rows_ += rows.size();
  }

  // The rows since the last take().
  Table take() {
    Table table{.num_rows = num_rows_};
    if (verbatim_) verbatim_->cells = std::exchange(texts_, std::vector<std::vector<std::string>>(texts_.size()));
    for (ColumnBuilder& builder : builders_) table.columns.push_back(builder.take());
    num_rows_ = 0;
    return table;
  }

  void note_cells() const {
    if (!notes_) return;
    for (const ColumnBuilder& builder : builders_) {
      if (builder.unreadable().count > 0) notes_->unreadable.push_back(builder.unreadable());
      if (builder.respelt().count > 0) notes_->respelt.push_back(builder.respelt());
      if (builder.unknown().count > 0) notes_->unknown.push_back(builder.unknown());
    }
  }

 private:
  void place_verbatim() {
    for (const size_t column : verbatim_->columns) {
      const auto place = std::ranges::find(file_columns_, column);
      verbatim_places_.push_back(static_cast<size_t>(place - file_columns_.begin()));
      if (place == file_columns_.end()) file_columns_.push_back(column);
    }
    texts_.resize(verbatim_places_.size());
  }

  ReadNotes* notes_;
  VerbatimColumns* verbatim_;
  std::vector<size_t> verbatim_places_;          // in file_columns_
  std::vector<std::vector<std::string>> texts_;  // of verbatim_, since the last take()
  std::vector<ColumnBuilder> builders_;
  std::vector<size_t> file_columns_;      // indices into the file's columns, for present_, then for verbatim_
  std::vector<size_t> present_, absent_;  // indices into builders_
  size_t num_rows_ = 0;
};

}  // namespace

Table read_rows(const TableFile& file, const Schema& schema, std::span<const uint64_t> rows, ReadNotes* notes) {
  TableBuilder builder(file, schema, notes);
  size_t taken = 0;
  uint64_t rows_seen = 0;
  std::vector<size_t> in_batch;
  file.scan(builder.file_columns(), [&](const TextBatch& batch) {
    in_batch.clear();
    rows_seen = batch.first_row + batch.num_rows;
    for (; taken < rows.size() && rows[taken] < rows_seen; ++taken) in_batch.push_back(rows[taken] - batch.first_row);
    builder.add(batch, in_batch);
    return taken < rows.size();
  });
  if (taken < rows.size()) {
    fail(ErrorKind::kBadInput,
         "{}: row {} (counted from 0) is asked for, but the file has {} rows; was it changed meanwhile?", file.path(),
         rows[taken], rows_seen);
  }
  builder.note_cells();
  return builder.take();
}

void scan_table(const TableFile& file, const Schema& schema, size_t chunk_rows, ReadNotes* notes,
                const std::function<void(const Table& table, uint64_t first_row)>& visit, VerbatimColumns* verbatim) {
  TableBuilder builder(file, schema, notes, verbatim);
  uint64_t first_row = 0;
  const auto hand_on = [&] {
    const Table table = builder.take();
    visit(table, first_row);
    first_row += table.num_rows;
  };
  std::vector<size_t> in_batch;
  file.scan(builder.file_columns(), [&](const TextBatch& batch) {
    for (size_t row = 0; row < batch.num_rows;) {
      in_batch.clear();
      while (row < batch.num_rows && builder.num_rows() + in_batch.size() < chunk_rows) in_batch.push_back(row++);
      builder.add(batch, in_batch);
      if (builder.num_rows() == chunk_rows) hand_on();
    }
    return true;
  });
  if (builder.num_rows() > 0) hand_on();
  builder.note_cells();
}

}  // namespace manyshot
