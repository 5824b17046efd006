#include "serve/table_body.h"

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "serve/request_fields.h"
#include "table/arrow_stream.h"
#include "table/text_table.h"

namespace manyshot::serve {
namespace {

using std::string_view_literals::operator""sv;

constexpr uint64_t kTextPerByte = 16;  // cells of an Arrow stream: how much longer than it they may be together

struct MediaType {
  std::string_view name;
  BodyFormat format;
};
constexpr std::array kMediaTypes{MediaType{"application/json", BodyFormat::kJson},
                                 MediaType{"text/csv", BodyFormat::kCsv}, MediaType{"text/plain", BodyFormat::kCsv},
                                 MediaType{"text/tab-separated-values", BodyFormat::kCsv},
                                 MediaType{"application/vnd.apache.arrow.stream", BodyFormat::kArrow}};
constexpr std::array kNoTypes{""sv, "application/x-www-form-urlencoded"sv, "application/octet-stream"sv};

// What would unpack to more than the limit of a body.
constexpr std::array kPackedMarks{"\x1f\x8b"sv, "\x28\xb5\x2f\xfd"sv, "BZh"sv, "PAR1"sv};

void refuse_packed(std::string_view body, const std::string& name) {
  if (!std::ranges::any_of(kPackedMarks, [&](std::string_view mark) { return body.starts_with(mark); })) return;
  fail(ErrorKind::kUnsupported,
       "{}: compressed files and Parquet are not taken here; send CSV, JSON or an Arrow stream", name);
}

// A JSON value as the text of a cell; nothing where it is missing.
std::optional<std::string> cell_of(const Json& value, const std::string& name, size_t row, const std::string& column) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  fail(ErrorKind::kBadInput,
       "{}: row {} (counted from 0), column \"{}\": expected a text, a number, true, false or null, found {}", name,
       row, excerpt(column), excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

void add_cell(TextColumn& column, const std::optional<std::string>& cell) {
  const bool is_blank = !cell || cell->find_first_not_of(" \t\r\n") == std::string::npos;
  column.add(is_blank ? std::string_view() : std::string_view(*cell));
}

// A table grows by every name that any row has: it may have so many cells more than the body has bytes.
void check_size(const TextTable& table, const std::string& name, size_t num_bytes) {
  constexpr uint64_t kFree = 1 << 20, kCellsPerByte = 4;
  const uint64_t cells = table.num_rows * table.columns.size();
  if (cells <= kFree + kCellsPerByte * num_bytes) return;
  fail(ErrorKind::kBadInput, "{}: {} rows of {} columns, of which nearly all cells are missing; send fewer columns",
       name, table.num_rows, table.columns.size());
}

TextTable rows_of_objects(const Json& rows, const std::string& name, size_t num_bytes) {
  TextTable table{.num_rows = rows.size()};
  std::unordered_map<std::string_view, size_t> places;
  for (const Json& row : rows) {
    for (const auto& [column, value] : row.items()) {
      if (!places.emplace(column, table.columns.size()).second) continue;
      if (table.columns.size() > kMaxColumns)
        fail(ErrorKind::kBadInput, "{}: the rows have more than {} columns", name, kMaxColumns);
      table.columns.push_back({.name = column});
    }
  }
  check_size(table, name, num_bytes);
  for (size_t row = 0; row < rows.size(); ++row) {
    for (TextColumn& column : table.columns) {
      const auto found = rows[row].find(column.name);
      add_cell(column, found == rows[row].end() ? std::nullopt : cell_of(*found, name, row, column.name));
    }
  }
  return table;
}

TextTable rows_of_cells(const Json& columns, const Json& rows, const std::string& name) {
  TextTable table{.num_rows = rows.size()};
  const bool are_names =
      columns.is_array() && std::ranges::all_of(columns, [](const Json& column) { return column.is_string(); });
  if (!are_names || columns.empty()) refuse_field("columns", "a list of names", columns);
  for (const Json& column : columns) table.columns.push_back({.name = column});
  for (size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].size() != table.columns.size()) {
      fail(ErrorKind::kBadInput, "{}: row {} (counted from 0) has {} cells, and there are {} columns", name, row,
           rows[row].size(), table.columns.size());
    }
    for (size_t column = 0; column < table.columns.size(); ++column)
      add_cell(table.columns[column], cell_of(rows[row][column], name, row, table.columns[column].name));
  }
  return table;
}

TextTable table_of_json(const Json* columns, const Json& rows, const std::string& name, size_t num_bytes) {
  if (!rows.is_array()) refuse_field("rows", "a list", rows);
  if (rows.empty()) fail(ErrorKind::kBadInput, "{}: \"rows\" is empty; give at least one", name);
  const bool are_lists = rows.front().is_array();
  for (size_t row = 0; row < rows.size(); ++row) {
    if (are_lists ? rows[row].is_array() : rows[row].is_object()) continue;
    fail(ErrorKind::kBadInput, "{}: row {} (counted from 0): expected {}, found {}", name, row,
         are_lists ? "a list of cells" : "an object such as {\"column\": value}",
         excerpt(rows[row].dump(-1, ' ', false, Json::error_handler_t::replace)));
  }
  if (!are_lists) return rows_of_objects(rows, name, num_bytes);
  if (columns == nullptr) {
    fail(ErrorKind::kBadInput,
         "{}: rows that are lists need \"columns\" beside them, a list of names; or send rows as objects", name);
  }
  return rows_of_cells(*columns, rows, name);
}

TableBody read_json(const std::string& body, const std::string& name) {
  Json json = parse_json(body);
  Json of_table = Json::object();
  TableBody result;
  TextTable table;
  if (json.is_array()) {
    table = table_of_json(nullptr, json, name, body.size());
  } else if (json.is_object()) {
    for (const char* field : {"rows", "columns", "semicolon_separated"}) {
      if (!json.contains(field)) continue;
      of_table[field] = std::move(json[field]);
      json.erase(field);
    }
    result.fields = std::move(json);
    const RequestFields fields(std::move(of_table));
    if (fields.find("rows") == nullptr) return result;
    table = table_of_json(fields.find("columns"), *fields.find("rows"), name, body.size());
    table.semicolon_separated = fields.flag("semicolon_separated", false);
  } else {
    fail(ErrorKind::kBadInput, "{}: the body must be JSON, a list of rows or an object with \"rows\", found {}", name,
         excerpt(body));
  }
  result.table = TableFile::from_text(std::make_shared<const TextTable>(std::move(table)), name);
  return result;
}

}  // namespace

BodyFormat body_format(std::string_view content_type, std::string_view body) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const MediaType& known : kMediaTypes) {
    if (known.name == type) return known.format;
  }
  if (std::ranges::find(kNoTypes, type) != kNoTypes.end()) {
    const size_t first = body.find_first_not_of(" \t\r\n");
    const bool is_json = first != std::string_view::npos && (body[first] == '[' || body[first] == '{');
    return is_json ? BodyFormat::kJson : BodyFormat::kCsv;
  }
  fail(ErrorKind::kUnsupported,
       "Content-Type: {} is not read; send text/csv, application/json or application/vnd.apache.arrow.stream",
       excerpt(content_type));
}

TableBody read_table_body(const std::string& body, BodyFormat format, const ReadOptions& csv, const std::string& name) {
  TableBody result;
  switch (format) {
    case BodyFormat::kJson:
      return read_json(body, name);
    case BodyFormat::kArrow: {
      const uint64_t most_text = (uint64_t{1} << 20) + kTextPerByte * body.size();
      auto table = std::make_shared<const TextTable>(read_arrow_stream(body, name, most_text));
      result.table = TableFile::from_text(std::move(table), name);
      return result;
    }
    case BodyFormat::kCsv:
      break;
  }
  refuse_packed(body, name);
  result.table = TableFile::from_bytes(body, name, csv);
  return result;
}

}  // namespace manyshot::serve
