// A table in memory as text: the cells of a file as it spells them, or those that a program hands over. Opened as a
// TableFile it is read like any file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "table/table_file.h"

namespace manyshot {

struct TextColumn {
  std::string name;
  bool is_text = false;        // the cells are strings by their source's own word, never numbers
  std::string bytes;           // of all cells
  std::vector<uint64_t> ends;  // [N] of each cell in `bytes`
  std::vector<bool> missing;   // [N]

  // As TextBatch has cells: data() == nullptr is missing.
  void add(std::string_view cell);
  std::string_view cell(size_t row) const;
};

struct TextTable {
  std::vector<TextColumn> columns;
  size_t num_rows = 0;
  bool semicolon_separated = false;  // as TableFile has it

  // The cells of columns of a file, found by name.
  static TextTable of(const TableFile& file, std::span<const std::string> names);
  // Adds the rows of `file`. Throws Error(kNotFound) for a column that it lacks.
  void append(const TableFile& file);

  void write(ByteWriter& writer) const;
  static TextTable read(ByteReader& reader);
};

}  // namespace manyshot
