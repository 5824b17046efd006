// Tasks from real tables: rows of a CSV or Parquet file, with one of its columns as the target.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/range.h"
#include "core/rng.h"
#include "prior/task/task.h"
#include "table/table.h"

namespace manyshot {

// What a draw may have.
struct TableDraw {
  size_t min_rows = 0, max_rows = 0;
  size_t max_features = 0;
  IntRange classes;
};

class TableTasks {
 public:
  // Reads a table, or those of a folder (.csv, .parquet, .pq), whole into memory: four bytes a cell. Columns that name
  // the rows are left out, and so are tables without a target or without another column. Rows that equal one of the
  // tables in `evaluation` (files or folders) are left out: the same cells in any order of columns, four or more.
  // Throws Error(kNotFound) for a place without tables, kBadInput when nothing is left to draw from, and what TableFile
  // throws.
  TableTasks(const std::string& path, const std::vector<std::string>& evaluation);

  // Draws from these alone from now on: places among the num_tables() tables, increasing.
  void keep(const std::vector<uint32_t>& tables);

  // Every table with enough rows is as likely, then every column that can be a target: one with two classes or more, or
  // a number, which is cut at some of the drawn rows' values unless it has few. Rows without a target are left out.
  // Other columns are numbers as FeatureEncoder makes them of the whole table, in random order. False when these rows
  // have one class, or more than are allowed. Safe from several threads. REQUIRES: has_rows(wanted.min_rows).
  bool draw(const Rng& rng, const TableDraw& wanted, prior::Task& task) const;

  bool has_rows(size_t min_rows) const;  // some table has so many
  size_t num_tables() const { return tables_.size(); }
  uint64_t num_rows() const { return num_rows_; }
  uint64_t num_left_out() const { return num_left_out_; }  // rows that evaluation tables have
  const std::string& path() const { return path_; }

 private:
  struct Target {
    bool is_number = false;
    std::vector<float> values;  // [rows]; class numbers, or numbers; NaN: missing
    size_t feature = 0;         // the same column among the features; their number if it is none
  };
  struct RealTable {
    size_t num_rows = 0, num_features = 0;
    std::vector<float> features;  // [F, rows]
    std::vector<Target> targets;
  };
  static RealTable make_table(const Table& table);
  static void set_labels(const Target& target, const std::vector<uint32_t>& rows, const IntRange& classes,
                         const Rng& rng, prior::Task& task);

  std::string path_;
  std::vector<RealTable> tables_;
  uint64_t num_rows_ = 0, num_left_out_ = 0;
};

}  // namespace manyshot
