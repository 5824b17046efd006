// Arrow's CSV row parser in our terms. For the .cc files of table/ only: it brings Arrow's headers.
#pragma once

#include <arrow/csv/parser.h>

#include <string_view>

#include "table/csv_dialect.h"

namespace manyshot {

inline arrow::csv::ParseOptions parse_options(const CsvDialect& dialect) {
  arrow::csv::ParseOptions options;
  options.delimiter = dialect.delimiter;
  options.quote_char = dialect.quote;
  options.escaping = dialect.backslash_escapes;
  options.newlines_in_values = true;
  return options;
}

// Calls visit(cell, quoted) for the rows parsed, in order.
template <class Visitor>
void visit_column(const arrow::csv::BlockParser& rows, int32_t column, Visitor&& visit) {
  (void)rows.VisitColumn(column, [&](const uint8_t* data, uint32_t size, bool quoted, bool) {
    visit(std::string_view(reinterpret_cast<const char*>(data), size), quoted);
    return arrow::Status::OK();
  });
}

}  // namespace manyshot
