// The columns of a table that a text prompt shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "encoding/prompt_format.h"
#include "table/table.h"

namespace manyshot {

// Columns with one and the same value in all labelled rows are left out, with a note; in `lines` those of another
// model's shares, too, which stand apart. Throws Error(kBadInput) when no column is left.
struct TextColumns {
  TextColumns(const Table& shots, PromptStyle style);

  // `view`, whose features count the columns shown, in terms of the table's columns.
  TaskView in_table(const TaskView& view) const;

  std::vector<uint32_t> columns;
  std::vector<std::string> notes;
};

}  // namespace manyshot
