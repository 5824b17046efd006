// What TableFile asks of a file format; CSV and Parquet have one implementation each.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "table/input_file.h"
#include "table/table_file.h"

namespace manyshot {

struct TextTable;

class TableReader {
 public:
  virtual ~TableReader() = default;
  virtual const std::vector<std::string>& header() const = 0;  // names as the file spells them
  virtual const std::vector<std::string>& notes() const = 0;
  virtual std::string format_name() const = 0;
  virtual bool semicolon_separated() const { return false; }
  // The end of a message about a column that is not there.
  virtual std::string header_advice() const { return ""; }
  virtual bool is_text_column(size_t) const { return false; }
  virtual bool is_index_column(size_t) const { return false; }
  virtual void scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const = 0;
};

// Both throw as TableFile::open does.
std::unique_ptr<TableReader> open_csv(InputFile file, const ReadOptions& options);
std::unique_ptr<TableReader> open_parquet(InputFile file);
// Of a file, by its name and magic; of its bytes in memory.
std::unique_ptr<TableReader> open_table(const std::string& path, const ReadOptions& options);
std::unique_ptr<TableReader> open_table_bytes(std::string bytes, const std::string& name, const ReadOptions& options);
std::unique_ptr<TableReader> open_text_table(std::shared_ptr<const TextTable> table);  // in text_table.cc
bool has_parquet_magic(const InputFile& file);

// Throws Error(kBadInput) if the file is over kMaxColumns.
void check_column_count(const std::string& path, size_t num_columns);

}  // namespace manyshot
