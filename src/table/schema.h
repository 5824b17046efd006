// What was understood of a table file: names, types, categories, missing cells. Inferred in one streaming pass.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "table/table.h"
#include "table/table_file.h"

namespace manyshot {

struct ColumnSchema {
  std::string name;
  ColumnType type = ColumnType::kNumeric;
  std::vector<std::string> categories;  // categorical: all distinct strings, sorted by bytes; text: empty
  uint64_t missing = 0;                 // cells without a value, unreadable ones included
  uint64_t unreadable = 0;              // cells of a numeric or date column that are neither a value nor a missing mark
  std::string first_unreadable;         // the first such cell, with its row (0-based)
  uint64_t first_unreadable_row = 0;
  uint64_t distinct = 0;                // exact up to kMaxTrackedDistinct, then that number
  double minimum = 0, maximum = 0, mean = 0;  // numbers and dates, over present cells
  std::vector<std::string> examples;          // the first few distinct cells as spelt
};
inline constexpr uint64_t kMaxTrackedDistinct = 10'000;

struct Schema {
  std::vector<ColumnSchema> columns;
  uint64_t num_rows = 0;
};

// Reads every row of `file` once. Columns named in `as_labels` become categorical with all spellings kept, whatever they look like
// (targets).
//
// Rules, in this order, over the cells that are not missing (see MissingRule in table_file.h):
//   all of true/false, yes/no, t/f, y/n in any case (at least one of each or a single word) -> boolean   (0/1 stays numeric)
//   at least 90 % read as numbers -> numeric; the others count as missing and are reported in `unreadable`
//   at least 90 % read as ISO 8601 dates or one of the documented day/month orders -> date; likewise
//   distinct strings few against rows -> categorical, else text (rule and threshold documented in docs/formats/tables.md)
//   no cell at all -> numeric with everything missing
Schema infer_schema(const TableFile& file, std::span<const std::string> as_labels = {});

// Reads rows into a Table by `schema` (one column for each of schema.columns, in that order, found in `file` by name). Columns that
// the file lacks come out all missing and are added to `absent`. Strings that schema.categories lacks are appended to the
// column's categories, so codes below schema.categories.size() mean the same in every table read with this schema.
// Cells of numeric, boolean and date columns that cannot be read count as missing and are counted in `unreadable`, per column.
struct ReadNotes {
  std::vector<std::string> absent;       // schema columns not in the file
  std::vector<std::string> extra;        // file columns not in the schema
  struct Unreadable {
    std::string column, cell;
    uint64_t row = 0;    // 0-based, of the first one
    uint64_t count = 0;
  };
  std::vector<Unreadable> unreadable;
};

// `rows`: 0-based, strictly increasing; the result keeps that order. Stops reading after the last one.
Table read_rows(const TableFile& file, const Schema& schema, std::span<const uint64_t> rows, ReadNotes* notes);
// The whole file in chunks of at most `chunk_rows` rows; memory stays flat. `visit(table, first_row)`.
void scan_table(const TableFile& file, const Schema& schema, size_t chunk_rows, ReadNotes* notes,
                const std::function<void(const Table& table, uint64_t first_row)>& visit);

}  // namespace manyshot
