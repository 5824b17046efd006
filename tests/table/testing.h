// Helpers of the table tests.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "support/error.h"
#include "table/schema.h"
#include "table/table_file.h"

namespace manyshot::testing {

inline TableFile table_of(std::string bytes, const ReadOptions& options = {}) {
  return TableFile::from_bytes(std::move(bytes), "t.csv", options);
}

// All cells, row by row; a missing one is "<missing>".
using Cells = std::vector<std::vector<std::string>>;
inline Cells cells_of(const TableFile& file) {
  std::vector<size_t> columns(file.column_names().size());
  std::iota(columns.begin(), columns.end(), 0);
  Cells cells;
  file.scan(columns, [&](const TextBatch& batch) {
    EXPECT_EQ(batch.first_row, cells.size());
    for (size_t row = 0; row < batch.num_rows; ++row) {
      auto& out = cells.emplace_back();
      for (const auto& column : batch.cells) out.emplace_back(column[row].data() ? column[row] : "<missing>");
    }
    return true;
  });
  return cells;
}

// The schema of a table with one column of these cells, written as CSV with a second column so that empty cells make no
// empty line.
inline ColumnSchema column_of(const std::vector<std::string>& cells, bool as_label = false) {
  std::string text = "x|row\n";
  for (size_t row = 0; row < cells.size(); ++row) text += cells[row] + "|" + std::to_string(row) + "\n";
  const std::vector<std::string> labels = {"x"};
  const Schema schema =
      infer_schema(table_of(text, {.delimiter = "|"}), as_label ? labels : std::vector<std::string>());
  return schema.columns.at(0);
}

}  // namespace manyshot::testing
