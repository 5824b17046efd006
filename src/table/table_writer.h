// Writes result tables in the formats that other programs read, a batch of rows at a time. The file appears under its
// name only when complete.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/names.h"

namespace manyshot {

// CSV (RFC 4180, UTF-8, LF), the same with tabs, Parquet, and JSON lines: one object for each row.
enum class TableFormat { kCsv, kTsv, kParquet, kJsonLines };
constexpr auto names_of(TableFormat) {
  return std::to_array<Named<TableFormat>>({{TableFormat::kCsv, "csv"},
                                            {TableFormat::kTsv, "tsv"},
                                            {TableFormat::kParquet, "parquet"},
                                            {TableFormat::kJsonLines, "jsonl"}});
}

// The format that the path's extension asks for (.csv, .tsv, .tab, .parquet, .pq, .jsonl, .ndjson, .json); CSV where it
// asks for none. Throws OptionError("out") with the way out for formats that are not written: workbooks, compressed
// files and the like.
TableFormat table_format_of(const std::string& path);

struct TableWriterOptions {
  TableFormat format = TableFormat::kCsv;
  bool utf8_mark = false;  // CSV and TSV begin with a byte order mark
  int digits = 6;          // significant ones of numbers in text formats
};

// One column of a batch: integers, strings, numbers or lists of numbers. Text formats have numbers with so many
// significant digits; CSV has NaN as an empty cell and lists with blanks between their numbers, JSON null and an array.
// Parquet has doubles and lists of doubles.
using OutputColumn =
    std::variant<std::vector<int64_t>, std::vector<std::string>, std::vector<double>, std::vector<std::vector<double>>>;

class TableWriter {
 public:
  virtual ~TableWriter() = default;
  // Columns in the order of the names given to open_table_writer, all of one length; a column's type must not change
  // between batches.
  virtual void append(const std::vector<OutputColumn>& columns) = 0;
  virtual void commit() = 0;
};

// An empty path is standard output. Errors are those of OutputFile; throws OptionError("out_format") for Parquet on
// standard output.
std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const std::vector<std::string>& column_names,
                                               const TableWriterOptions& options);
// Adds to `text`, which must outlive the writer, what a file would hold. REQUIRES: a text format.
std::unique_ptr<TableWriter> open_text_writer(std::string& text, const std::vector<std::string>& column_names,
                                              const TableWriterOptions& options);
// In the format of table_format_of(path).
std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const std::vector<std::string>& column_names);

}  // namespace manyshot
