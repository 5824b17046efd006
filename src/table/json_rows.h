// Rows as programs write them in JSON, as a table.
#pragma once

#include <span>
#include <string>

#include "core/json.h"
#include "table/text_table.h"

namespace manyshot {

// How text is read: as the same cell of a file would be, "12" as a number; or as the text that it is, in columns whose
// values are all text.
enum class JsonText { kAsInFiles, kAsText };

// A list of flat objects: the names of all of them are the columns, in the order in which they first come. Text,
// numbers, true and false are cells, as JSON spells them; null, blank text and an absent name are a missing one. Throws
// Error(kBadInput) naming row (from 0) and column for other values, for no rows or columns, for more than kMaxColumns
// columns, and for rows that name so many columns between them that nearly all cells would be missing; messages call
// the rows `name`.
TextTable read_json_rows(std::span<const Json> rows, JsonText text, const std::string& name);

// Rows that are lists of cells in the order of `columns`, read as in files. Errors as above, and for a row of another
// length.
TextTable read_json_cells(std::span<const std::string> columns, std::span<const Json> rows, const std::string& name);

}  // namespace manyshot
