// A task as a table: its columns as they were before standardising, and what is told of it (docs/formats/tasks.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// A column holds numbers, or texts as codes into its categories.
struct TaskColumn {
  std::string name;                     // x0, x1, …; of the target label, or target when it is a number
  std::string_view kind;                // a name of ColumnKind; "class" of a target with classes
  std::vector<double> numbers;          // [N], NaN: missing; none of texts
  std::vector<int32_t> codes;           // [N], -1: missing; none of numbers
  std::vector<std::string> categories;  // those that come, in the order of their levels; of classes 0, 1, …
};
inline constexpr std::string_view kClassColumn = "class";  // TaskColumn::kind

// The features, then the target. Categorical columns whose levels are whole are texts: a, b, …
std::vector<TaskColumn> table_of(const Task& task);

// Of a feature or a target that is a number: the value before standardising.
double raw_value(const ColumnInfo& info, float value);
// Whether all cells are levels or counts that print as such.
bool has_whole_cells(const ColumnInfo& info, std::span<const float> values);

// The name of a level: 0 is a, 25 is z, 26 is aa.
std::string level_text(int32_t level);
std::string_view target_name(const Task& task);

// {"classes", "class_counts"}, or, of numbers, {"target": {"kind", "offset", "scale"}} (as ColumnInfo has them).
Json target_facts(const Task& task);

// What a manifest says of a task: {"task", "prior", "rows", "features", those of the target, "kinds", "missing_cells",
// "rejections"}.
Json task_facts(const Task& task);

}  // namespace manyshot::prior
