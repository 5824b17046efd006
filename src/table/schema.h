// What was understood of a table file: names, types, categories, missing cells. Inferred in one streaming pass.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "table/cell_values.h"
#include "table/table.h"
#include "table/table_file.h"

namespace manyshot {

// A spelling of missing values that a column has beside its numbers or dates, and in how many cells.
struct GapMark {
  std::string spelling;
  uint64_t cells = 0;
};

// Why a column names the rows rather than describes them.
enum class RowLabel {
  kNone,
  kIndex,     // the file says so: an index that pandas stored, row names as R writes them
  kUnnamed,   // it has no name, and another whole number or text in every row (beyond kMaxTrackedDistinct not checked)
  kCounting,  // 0, 1, 2, … or 1, 2, 3, … in file order, in all of at least 20 rows
};

struct ColumnSchema {
  std::string name;
  ColumnType type = ColumnType::kNumeric;
  std::vector<std::string> categories;  // categorical: all distinct strings, sorted by bytes; text: empty
  uint64_t present = 0;                 // cells with a value
  uint64_t missing = 0;                 // cells without a value, gap marks and unreadable ones included
  uint64_t unreadable = 0;       // cells of a numeric or date column that are neither a usable value nor a missing one
  std::string first_unreadable;  // the first such cell, with its row (0-based)
  uint64_t first_unreadable_row = 0;
  uint64_t distinct = 0;  // distinct spellings; above kMaxTrackedDistinct (unless a label): kMaxTrackedDistinct + 1
  double minimum = 0, maximum = 0, mean = 0;  // of the values in `numbers`-type columns, over present cells
  std::vector<std::string> examples;          // the first few distinct cells as spelt
  std::vector<GapMark> gap_marks;             // numeric and date columns: what is read as missing beside their values

  NumberStyle number_style = NumberStyle::kPoint;  // how the column's numbers are written
  bool decimal_mark_open = false;                  // no cell tells: every one reads alike with either mark
  uint64_t respelt = 0;                            // cells that only an extended style reads
  std::string first_respelt;                       // one of them

  DateOrder date_order = DateOrder::kMonthFirst;  // how the column's 3/4/2020 are read
  bool date_order_open = false;                   // no cell depends on it
  bool date_order_guessed = false;                // no cell tells: every one reads both ways, differently

  bool is_typed_text = false;  // the file says the cells are strings (Parquet): they are never read as numbers
  bool holds_numbers = false;  // typed text that would read as numbers
  RowLabel row_label = RowLabel::kNone;
};
inline constexpr uint64_t kMaxTrackedDistinct = 1'000;

struct Schema {
  std::vector<ColumnSchema> columns;
  uint64_t num_rows = 0;
};

// Reads every row of `file` once. Columns named in `as_labels` become categorical with all spellings kept, whatever
// they look like (targets).
//
// A cell is missing when it is blank or null, or a missing word (is_missing_word). In labels and in typed strings the
// words are values; in labels only where one of the other labels is no number, and never NaN, nan, <NA>, #N/A and ?.
//
// Rules, in this order, over the cells that are not missing:
//   all from one of the pairs true/false, yes/no, t/f, y/n in any case, or one word of them -> boolean   (0/1 stays
//   numeric)
//   at least 90 % read as numbers in one style -> numeric (not typed strings). The style is the one that reads most
//   cells;
//     its unit, magnitude or duration counts only where plain numbers are fewer than 90 %. Gap marks (is_gap_mark) are
//     missing and do not speak against numbers, nor do up to three other strings that recur beside at least 20
//     different numbers in half of the cells; further cells count as missing and are reported in `unreadable`, and so
//     do infinities, which do not speak against the type
//   at least 90 % read as dates (parse_date), in the order that reads more of them -> date; likewise. Dates with two
//     digits for the year are dates only where the cells tell the order
//   distinct strings at most max(5, min(kMaxTrackedDistinct, present cells / 2)) -> categorical, else text
//   no cell at all -> numeric with everything missing
// Memory: up to kMaxTrackedDistinct spellings a column, all of them for `as_labels`; flat in rows.
// Throws Error(kNotFound) for a label that the file lacks, else what TableFile::scan throws.
Schema infer_schema(const TableFile& file, std::span<const std::string> as_labels = {});

// The value of a cell of a numeric, boolean or date column, read as its schema says; nothing for any other cell,
// missing ones too. Booleans may also be the numbers 0 and 1.
std::optional<double> number_in(std::string_view cell, const ColumnSchema& column);

// Reads rows into a Table by `schema` (one column for each of schema.columns, in that order, found in `file` by name).
// Columns that the file lacks come out all missing and are added to `absent`. A string that schema.categories lacks is
// the category that it respells without doubt (table/respelling.h), if there is one; others are appended to the
// column's categories, so codes below schema.categories.size() mean the same in every table read with this schema
// (codes above mean the same within one table; each chunk of scan_table is its own table). Missing words are values
// where the schema's categories have them or the file's cells are typed strings. Cells of numeric, boolean and date
// columns that are neither values nor missing words or gap marks count as missing and are counted in `unreadable`, per
// column.
struct ReadNotes {
  std::vector<std::string> absent;  // schema columns not in the file
  std::vector<std::string> extra;   // file columns not in the schema
  struct Cells {
    std::string column, cell;
    uint64_t row = 0;  // 0-based, of the first one
    uint64_t count = 0;
  };
  std::vector<Cells> unreadable;
  std::vector<Cells> respelt;  // strings of categorical columns taken for a category that is spelt otherwise
  std::vector<Cells> unknown;  // strings of categorical columns that are none of the schema's
};

// How a further file writes a column of a schema.
struct ColumnFit {
  ColumnSchema schema;  // to read this file's column by
  bool is_in_file = false;
  bool is_other_style = false;  // numbers or dates are written in another way than the schema says
  uint64_t present = 0;         // cells that are not missing
  uint64_t readable = 0;        // of them, as `schema` reads them
  std::string example;          // the first cell that the given schema does not read; without one the first value
  uint64_t example_row = 0;
};
struct FileFit {
  uint64_t num_rows = 0;
  std::vector<ColumnFit> columns;  // as the schema has them

  Schema schema() const;
};

// Reads every row of `file` once, to see how it writes the columns of `schema`. A column keeps its type and categories,
// but gets this file's own style of numbers or order of dates where the schema's reads nothing, reads less than nine
// tenths and less than the own one, or was never settled by its cells; what is open on both sides is settled by the
// range of the schema's column. Columns named in `as_labels` count words such as None as values only where the schema's
// categories have them. Memory as infer_schema. Throws Error(kBadInput) for a numeric, boolean or date column that has
// cells of which none can be read.
FileFit fit_schema(const TableFile& file, const Schema& schema, std::span<const std::string> as_labels = {});

// `rows`: 0-based, strictly increasing; the result keeps that order. Stops reading after the last one. Throws
// Error(kBadInput) if the file has fewer rows. `notes` may be null; it is filled anew.
Table read_rows(const TableFile& file, const Schema& schema, std::span<const uint64_t> rows, ReadNotes* notes);
// Columns of a file as it spells them, read beside those of a schema.
struct VerbatimColumns {
  std::vector<size_t> columns;                  // indices into TableFile::column_names()
  std::vector<std::vector<std::string>> cells;  // [columns][rows of the table that is visited]; blank and null are ""
};
// The whole file in chunks of at most `chunk_rows` rows; memory stays flat. `visit(table, first_row)`; before each call
// the cells of `verbatim`, if it is given, are filled anew.
void scan_table(const TableFile& file, const Schema& schema, size_t chunk_rows, ReadNotes* notes,
                const std::function<void(const Table& table, uint64_t first_row)>& visit,
                VerbatimColumns* verbatim = nullptr);

}  // namespace manyshot
