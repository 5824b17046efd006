#include "serve/table_body.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "serve/request_fields.h"
#include "table/arrow_stream.h"
#include "table/json_rows.h"
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

TextTable table_of_json(const Json* columns, const Json& rows, const std::string& name) {
  if (!rows.is_array()) refuse_field("rows", "a list", rows);
  if (rows.empty()) fail(ErrorKind::kBadInput, "{}: \"rows\" is empty; give at least one", name);
  const std::vector<Json>& list = rows.get_ref<const Json::array_t&>();
  if (!list.front().is_array()) return read_json_rows(list, JsonText::kAsInFiles, name);
  if (columns == nullptr) {
    fail(ErrorKind::kBadInput,
         "{}: rows that are lists need \"columns\" beside them, a list of names; or send rows as objects", name);
  }
  const bool are_names =
      columns->is_array() && std::ranges::all_of(*columns, [](const Json& column) { return column.is_string(); });
  if (!are_names || columns->empty()) refuse_field("columns", "a list of names", *columns);
  return read_json_cells(columns->get<std::vector<std::string>>(), list, name);
}

TableBody read_json(const std::string& body, const std::string& name) {
  Json json = parse_json(body);
  Json of_table = Json::object();
  TableBody result;
  TextTable table;
  if (json.is_array()) {
    table = table_of_json(nullptr, json, name);
  } else if (json.is_object()) {
    for (const char* field : {"rows", "columns", "semicolon_separated"}) {
      if (!json.contains(field)) continue;
      of_table[field] = std::move(json[field]);
      json.erase(field);
    }
    result.fields = std::move(json);
    const RequestFields fields(std::move(of_table));
    if (fields.find("rows") == nullptr) return result;
    table = table_of_json(fields.find("columns"), *fields.find("rows"), name);
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
