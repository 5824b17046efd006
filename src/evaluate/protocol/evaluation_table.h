// Tables to evaluate on, read whole, with the class of each row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "predict/number_target.h"
#include "predict/predictor.h"
#include "table/table_file.h"

namespace manyshot {

struct EvaluationTable {
  std::string name;  // of the file, without its extension
  std::string path;
  std::string target;
  std::string hash;                  // SHA-256 of the file
  Table features;                    // of the rows that have a label
  std::vector<int32_t> labels;       // [N] indices into classes; of numbers 0
  std::vector<std::string> classes;  // none of a number
  std::vector<double> numbers;       // [N] where the target is a number
  std::vector<uint64_t> file_rows;   // [N] 0-based data rows of the file

  size_t num_rows() const { return labels.size(); }
  bool is_number() const { return !numbers.empty(); }
  size_t num_groups() const { return is_number() ? 1 : classes.size(); }  // that rows are drawn from in proportion
};

// The tables in `places`: files, and the .csv and .parquet files of folders but for index.csv and baselines_open.csv,
// which describe a collection. Sorted by name in each folder. Throws OptionError of "tables" for a place that is
// not there, for a folder without tables, and when two tables have one name.
std::vector<std::string> find_tables(const std::vector<std::string>& places);

// `target` empty: the column "label", else the last. Throws Error for a file that cannot be read and a target without
// two classes or numbers.
EvaluationTable read_evaluation_table(const std::string& path, const std::string& target,
                                      TaskKind kind = TaskKind::kClassification);

// The same of a table that is open, in memory for one; its path is `name` then, and it has no hash.
EvaluationTable make_evaluation_table(TableFile file, const std::string& name, const std::string& target,
                                      TaskKind kind = TaskKind::kClassification);

// The given rows and columns, in that order. Categories stay those of the whole table.
Table take(const Table& table, std::span<const uint32_t> rows, std::span<const uint32_t> columns);

}  // namespace manyshot
