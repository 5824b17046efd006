// Decontamination: the rows of evaluation tables, which no training task may have.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "table/table.h"

namespace manyshot {

// A row counts as the same when its numbers have the same codes 0..999 (z-scored by their own table, as prompts print
// them) in the order of the columns or any other; rows of fewer than kLeastCells cells are not compared, since they
// meet by chance.
class ExcludedRows {
 public:
  static constexpr size_t kLeastCells = 4;

  // Reads every CSV and Parquet file in `folder`; the target does not matter. Throws Error(kNotFound) for a folder
  // without tables, else what TableFile throws.
  static ExcludedRows read(const std::string& folder);

  void add(const Table& table);
  // Codes of one row.
  bool contains(std::span<const uint16_t> codes) const;
  bool empty() const { return hashes_.empty(); }
  uint64_t num_rows() const { return num_rows_; }
  uint64_t num_tables() const { return num_tables_; }

 private:
  std::unordered_set<uint64_t> hashes_;
  uint64_t num_rows_ = 0, num_tables_ = 0;
};

}  // namespace manyshot
