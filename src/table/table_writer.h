// Writes result tables as CSV or Parquet, a batch of rows at a time. The file appears under its name only when
// complete.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace manyshot {

// One column of a batch: integers, strings, numbers or lists of numbers. CSV writes numbers with six significant
// digits, NaN as an empty cell, and lists with blanks between them; Parquet doubles and lists of doubles.
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

// Parquet when `path` ends in .parquet or .pq, else CSV (RFC 4180, UTF-8, LF); an empty path is CSV to standard output.
// Errors are those of OutputFile.
std::unique_ptr<TableWriter> open_table_writer(const std::string& path, const std::vector<std::string>& column_names);

}  // namespace manyshot
