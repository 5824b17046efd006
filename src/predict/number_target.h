// Whether a target is a class or a number, and the numbers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "table/schema.h"
#include "table/table_file.h"

namespace manyshot {

// What is predicted.
enum class TaskKind { kAuto, kClassification, kRegression };
constexpr auto names_of(TaskKind) {
  return std::to_array<Named<TaskKind>>({{TaskKind::kAuto, "auto"},
                                         {TaskKind::kClassification, "classification"},
                                         {TaskKind::kRegression, "regression"}});
}

inline constexpr const char* kTaskKindHelp =
    "Whether the target is a class or a number; auto: a number where it has more than 20 different numbers, not all "
    "whole, or more than 50, or more than one for every 20 rows.";

// A column that may be a number to predict: `schema` reads it as numbers.
struct NumberColumn {
  ColumnSchema schema;
  uint64_t distinct = 0;  // different numbers
  bool has_decimals = false;

  // Whether it is taken for a number where nobody says: more than 20 different ones that are not all whole, or more
  // than 50, or more than one for every 20 rows.
  bool looks_like_number(uint64_t labelled_rows) const;
};

// Of a target whose spellings `label` has as categories (infer_schema's as_labels); nothing where fewer than nine
// tenths of them are numbers, or the file says that they are text. `semicolon_separated` as TableFile says.
std::optional<NumberColumn> as_numbers(const ColumnSchema& label, bool semicolon_separated);

// The numbers of every row, NaN where there is none. Throws Error(kBadInput) naming rows and cells that are neither
// numbers nor missing, and for a column without two different numbers.
std::vector<double> read_numbers(const TableFile& file, const std::string& path, const NumberColumn& column,
                                 const ColumnSchema& label);

}  // namespace manyshot
