#include "table/json_rows.h"

#include <unordered_map>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

bool is_cell(const Json& value) {
  return value.is_null() || value.is_string() || value.is_number() || value.is_boolean();
}

class JsonColumns {
 public:
  JsonColumns(JsonText text, const std::string& name) : text_(text), name_(name) {}

  void add(const Json& row) {
    if (!row.is_object())
      fail(ErrorKind::kBadInput, "{}: row {} is no object of columns and values", name_, table_.num_rows);
    for (const auto& [column, value] : row.items()) {
      if (!is_cell(value)) {
        fail(ErrorKind::kBadInput, "{}: row {}, column \"{}\": expected text, a number, true, false or null, found {}",
             name_, table_.num_rows, excerpt(column),
             excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
      }
      if (value.is_null()) {
        column_of(column);
        continue;
      }
      TextColumn& cells = column_of(column);
      fill(cells, table_.num_rows);
      cells.is_text = cells.is_text && value.is_string();
      cells.add(value.is_string() ? value.get<std::string>() : value.dump());
    }
    ++table_.num_rows;
  }

  TextTable take() {
    if (table_.num_rows == 0 || table_.columns.empty())
      fail(ErrorKind::kBadInput, "{}: there are no rows with a column", name_);
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
    if (is_new) table_.columns.push_back({.name = name, .is_text = text_ == JsonText::kAsText});
    return table_.columns[place->second];
  }
  // Missing cells up to that row.
  static void fill(TextColumn& column, size_t row) {
    while (column.ends.size() < row) column.add({});
  }

  JsonText text_;
  const std::string& name_;
  TextTable table_;
  std::unordered_map<std::string, size_t> places_;
};

}  // namespace

TextTable read_json_rows(std::span<const Json> rows, JsonText text, const std::string& name) {
  JsonColumns columns(text, name);
  for (const Json& row : rows) columns.add(row);
  return columns.take();
}

}  // namespace manyshot
