// Columns sorted once for all trees of a forest: a tree then works on small integers and never looks at a value before
// it has chosen a split.
#pragma once

#include <cstdint>
#include <vector>

#include "teacher/columns.h"

namespace manyshot::teacher {

// Columns with up to this many different values can be searched by value instead of row by row.
inline constexpr size_t kMaxGroupedValues = 256;

// Position is an unsigned type that can hold the number of rows.
template <class Position>
struct SortedColumns {
  size_t num_rows = 0;
  size_t num_features = 0;
  std::vector<Position> order;         // [F, N] row at each place of the sorted column; equal values by row
  std::vector<Position> position;      // [F, N] place of each row in it
  std::vector<Position> rank;          // [F, N] how many smaller values the column has; filled only where values repeat
  std::vector<uint32_t> num_distinct;  // [F]

  std::vector<Position> row_of_rank;  // [F, kMaxGroupedValues] a row with each value of a grouped column

  bool has_ties(size_t feature) const { return num_distinct[feature] != num_rows; }
  bool is_grouped(size_t feature) const { return has_ties(feature) && num_distinct[feature] <= kMaxGroupedValues; }
  // Distinct values below the row's own.
  const Position* ranks(size_t feature) const {
    return (has_ties(feature) ? rank : position).data() + feature * num_rows;
  }
};

class RankedColumns {
 public:
  // Most rows that 16-bit positions serve.
  static constexpr size_t kMaxNarrowRows = 65'535;

  // Keeps its memory from one call to the next. REQUIRES: finite values, fewer than 2^32 rows.
  void assign(const ColumnsView& columns);

  bool is_narrow() const { return is_narrow_; }
  const SortedColumns<uint16_t>& narrow() const { return narrow_; }
  const SortedColumns<uint32_t>& wide() const { return wide_; }
  size_t num_rows() const { return is_narrow_ ? narrow_.num_rows : wide_.num_rows; }
  size_t num_features() const { return is_narrow_ ? narrow_.num_features : wide_.num_features; }

 private:
  template <class Position>
  void sort_all(const ColumnsView& columns, SortedColumns<Position>& sorted);
  void sort_column(std::span<const float> values);

  bool is_narrow_ = true;
  SortedColumns<uint16_t> narrow_;
  SortedColumns<uint32_t> wide_;
  std::vector<uint64_t> keys_, spare_;  // [N] a value's bits above its row
};

}  // namespace manyshot::teacher
