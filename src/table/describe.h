// What was understood of a table, for `manyshot info --table`.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "table/schema.h"
#include "table/table_file.h"

namespace manyshot {

// A few lines for people: file, format, size; one aligned line a column (the first kMaxDescribedColumns) with type,
// missing cells, distinct spellings and the values' range or examples; then notes. Ends with a line end.
std::string describe_table(const TableFile& file, const Schema& schema);
inline constexpr size_t kMaxDescribedColumns = 50;

// What had to be decided about a column, with counts, as sentences that start with its name: row labels, gap marks,
// number spellings, decimal commas, guessed dates, numbers stored as strings. Unreadable cells are not among them.
std::vector<std::string> column_notes(const ColumnSchema& column);

// "counts the rows", …
const char* row_label_reason(RowLabel label);

// The same for programs, every column and category included. Ranges of dates are ISO 8601 text.
Json table_to_json(const TableFile& file, const Schema& schema);

}  // namespace manyshot
