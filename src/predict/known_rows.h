// Rows that are among the labelled ones, told by their features.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "table/table.h"

namespace manyshot {

class KnownRows {
 public:
  explicit KnownRows(const Table& labelled);

  // Whether some labelled row has the same value in every column. `table` has the labelled rows' columns, categories
  // extended as read_rows does.
  bool contains(const Table& table, size_t row) const { return hashes_.contains(hash_row(table, row)); }

  // Whether `count` of `num_rows` rows are more than chance makes equal, judged by how many labelled rows repeat
  // another.
  bool is_suspicious(uint64_t count, uint64_t num_rows) const;

 private:
  static uint64_t hash_row(const Table& table, size_t row);

  std::unordered_set<uint64_t> hashes_;
  double repeated_share_ = 0;  // of the labelled rows
};

}  // namespace manyshot
