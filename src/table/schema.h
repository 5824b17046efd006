// What was understood of a table file: names, types, categories, missing cells. Inferred in one streaming pass.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "table/cell_values.h"
#include "table/table.h"
#include "table/table_file.h"

namespace manyshot {

struct ColumnSchema {
  std::string name;
  ColumnType type = ColumnType::kNumeric;
  std::vector<std::string> categories;  // categorical: all distinct strings, sorted by bytes; text: empty
  uint64_t missing = 0;                 // cells without a value, unreadable ones included
  uint64_t unreadable = 0;       // cells of a numeric or date column that are neither a usable value nor a missing mark
  std::string first_unreadable;  // the first such cell, with its row (0-based)
  uint64_t first_unreadable_row = 0;
  uint64_t distinct = 0;  // distinct spellings; above kMaxTrackedDistinct (unless a label): kMaxTrackedDistinct + 1
  double minimum = 0, maximum = 0, mean = 0;       // of the values in `numbers`-type columns, over present cells
  std::vector<std::string> examples;               // the first few distinct cells as spelt
  NumberStyle number_style = NumberStyle::kPoint;  // how the column's numbers are read
  DateOrder date_order = DateOrder::kMonthFirst;   // how the column's 3/4/2020 are read
  bool date_order_guessed = false;                 // no cell tells: every one reads both ways, differently
};
inline constexpr uint64_t kMaxTrackedDistinct = 1'000;

struct Schema {
  std::vector<ColumnSchema> columns;
  uint64_t num_rows = 0;
};

// Reads every row of `file` once. Columns named in `as_labels` become categorical with all spellings kept, whatever
// they look like (targets).
//
// Rules, in this order, over the cells that are not missing (see MissingRule in table_file.h):
//   all from one of the pairs true/false, yes/no, t/f, y/n in any case, or one word of them -> boolean   (0/1 stays
//   numeric) at least 90 % read as numbers (parse_number) -> numeric; the others count as missing and are reported in
//   `unreadable`, and so
//     do infinities, which do not speak against the type
//   at least 90 % read as dates (parse_date), in the day/month order that reads more of them -> date; likewise
//   distinct strings at most max(5, min(kMaxTrackedDistinct, present cells / 2)) -> categorical, else text
//   no cell at all -> numeric with everything missing
// Memory: up to kMaxTrackedDistinct spellings a column, all of them for `as_labels`; flat in rows.
// Throws Error(kNotFound) for a label that the file lacks, else what TableFile::scan throws.
Schema infer_schema(const TableFile& file, std::span<const std::string> as_labels = {});

// Reads rows into a Table by `schema` (one column for each of schema.columns, in that order, found in `file` by name).
// Columns that the file lacks come out all missing and are added to `absent`. Strings that schema.categories lacks are
// appended to the column's categories, so codes below schema.categories.size() mean the same in every table read with
// this schema (codes above mean the same within one table; each chunk of scan_table is its own table). Cells of
// numeric, boolean and date columns that cannot be read count as missing and are counted in `unreadable`, per column.
struct ReadNotes {
  std::vector<std::string> absent;  // schema columns not in the file
  std::vector<std::string> extra;   // file columns not in the schema
  struct Unreadable {
    std::string column, cell;
    uint64_t row = 0;  // 0-based, of the first one
    uint64_t count = 0;
  };
  std::vector<Unreadable> unreadable;
};

// `rows`: 0-based, strictly increasing; the result keeps that order. Stops reading after the last one. Throws
// Error(kBadInput) if the file has fewer rows. `notes` may be null; it is filled anew.
Table read_rows(const TableFile& file, const Schema& schema, std::span<const uint64_t> rows, ReadNotes* notes);
// The whole file in chunks of at most `chunk_rows` rows; memory stays flat. `visit(table, first_row)`.
void scan_table(const TableFile& file, const Schema& schema, size_t chunk_rows, ReadNotes* notes,
                const std::function<void(const Table& table, uint64_t first_row)>& visit);

}  // namespace manyshot
