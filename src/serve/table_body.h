// Tables in the bodies of requests: JSON rows, CSV, or an Arrow stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/names.h"
#include "table/table_file.h"

namespace manyshot::serve {

enum class BodyFormat { kJson, kCsv, kArrow };

// By the Content-Type; where that names none (curl says "form"), a body that begins as a JSON list or object is JSON,
// and another CSV. Throws Error(kUnsupported) for other types.
BodyFormat body_format(std::string_view content_type, std::string_view body);

struct TableBody {
  std::optional<TableFile> table;  // nothing: a JSON object without "rows"
  Json fields = Json::object();    // the others of a JSON object
};

// JSON: a list of objects; or an object with "rows", a list of objects, or lists of cells beside "columns", the names.
// A text is read as the same cell of a CSV file would be, a number and true or false as themselves, null and what an
// object lacks as missing. "semicolon_separated": true says that 1,5 is one and a half, as it does in such a file.
// `csv` is for CSV alone, which must not be compressed. Throws Error(kBadInput) naming row and column, and what reading
// a table throws; messages call it `name`.
TableBody read_table_body(const std::string& body, BodyFormat format, const ReadOptions& csv, const std::string& name);

}  // namespace manyshot::serve
