#include "table/json_rows.h"

#include <optional>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "table/table_file.h"

namespace manyshot {
namespace {

std::string shown(const Json& value) {
  return excerpt(value.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace));
}

// Where a value stands, for messages.
struct CellPlace {
  const std::string& table;
  size_t row;
  const std::string& column;
};

// A JSON value as the text of a cell; nothing where it is missing.
std::optional<std::string> cell_of(const Json& value, const CellPlace& place) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  fail(ErrorKind::kBadInput,
       "{}: row {} (counted from 0), column \"{}\": expected a text, a number, true, false or null, found {}",
       place.table, place.row, excerpt(place.column), shown(value));
}

void add_cell(TextColumn& column, const std::optional<std::string>& cell) {
  const bool is_blank = !cell || cell->find_first_not_of(" \t\r\n") == std::string::npos;
  column.add(is_blank ? std::string_view() : std::string_view(*cell));
}

class JsonColumns {
 public:
  JsonColumns(JsonText text, const std::string& name) : text_(text), name_(name) {}

  void add(const Json& row) {
    if (!row.is_object()) {
      fail(ErrorKind::kBadInput,
           "{}: row {} (counted from 0): expected an object such as {{\"column\": value}}, found {}", name_,
           table_.num_rows, shown(row));
    }
    given_ += row.size();
    for (const auto& [column, value] : row.items()) {
      const std::optional<std::string> cell = cell_of(value, {name_, table_.num_rows, column});
      TextColumn& cells = column_of(column);
      if (!cell) continue;
      fill(cells, table_.num_rows);
      cells.is_text = cells.is_text && value.is_string();
      add_cell(cells, cell);
    }
    ++table_.num_rows;
  }

  TextTable take() {
    if (table_.num_rows == 0 || table_.columns.empty())
      fail(ErrorKind::kBadInput, "{}: there are no rows with a column; give at least one", name_);
    check_size(table_.columns.size());
    for (TextColumn& column : table_.columns) {
      bool has_value = false;
      for (const bool is_missing : column.missing) has_value = has_value || !is_missing;
      column.is_text = column.is_text && has_value;
      fill(column, table_.num_rows);
    }
    return std::move(table_);
  }

 private:
  TextColumn& column_of(const std::string& name) {
    const auto [place, is_new] = places_.emplace(name, table_.columns.size());
    if (is_new) {
      if (table_.columns.size() == kMaxColumns)
        fail(ErrorKind::kBadInput, "{}: the rows have more than {} columns", name_, kMaxColumns);
      check_size(table_.columns.size() + 1);
      table_.columns.push_back({.name = name, .is_text = text_ == JsonText::kAsText});
    }
    return table_.columns[place->second];
  }
  // A table grows by every name that any row has: it may have so many more cells than were given.
  void check_size(uint64_t num_columns) const {
    constexpr uint64_t kFree = 1 << 20, kCellsPerGiven = 64;
    if (table_.num_rows * num_columns <= kFree + kCellsPerGiven * given_) return;
    fail(ErrorKind::kBadInput, "{}: {} rows of {} columns, of which nearly all cells are missing; give fewer columns",
         name_, table_.num_rows, num_columns);
  }
  // Missing cells up to that row.
  static void fill(TextColumn& column, size_t row) {
    while (column.ends.size() < row) column.add({});
  }

  JsonText text_;
  const std::string& name_;
  TextTable table_;
  std::unordered_map<std::string, size_t> places_;
  uint64_t given_ = 0;  // cells
};

}  // namespace

TextTable read_json_rows(std::span<const Json> rows, JsonText text, const std::string& name) {
  JsonColumns columns(text, name);
  for (const Json& row : rows) columns.add(row);
  return columns.take();
}

TextTable read_json_cells(std::span<const std::string> columns, std::span<const Json> rows, const std::string& name) {
  TextTable table{.num_rows = rows.size()};
  if (columns.size() > kMaxColumns)
    fail(ErrorKind::kBadInput, "{}: the rows have more than {} columns", name, kMaxColumns);
  for (const std::string& column : columns) table.columns.push_back({.name = column});
  for (size_t row = 0; row < rows.size(); ++row) {
    if (!rows[row].is_array()) {
      fail(ErrorKind::kBadInput, "{}: row {} (counted from 0): expected a list of cells, found {}", name, row,
           shown(rows[row]));
    }
    if (rows[row].size() != columns.size()) {
      fail(ErrorKind::kBadInput, "{}: row {} (counted from 0) has {} cells, and there are {} columns", name, row,
           rows[row].size(), columns.size());
    }
    for (size_t column = 0; column < columns.size(); ++column)
      add_cell(table.columns[column], cell_of(rows[row][column], {name, row, columns[column]}));
  }
  return table;
}

}  // namespace manyshot
