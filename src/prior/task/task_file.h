// A task as a table in a file: docs/formats/tasks.md.
#pragma once

#include <string>

#include "core/json.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// Parquet when `path` ends in .parquet, else CSV. Columns x0, x1, … as they were before standardising, then label, or
// target when it is a number.
// Categorical columns whose levels are whole hold a, b, …; missing cells are empty (Parquet: NaN, or an empty text).
// The file appears only when complete. Errors are those of OutputFile.
void write_task(const Task& task, const std::string& path);

// The name of a level: 0 is a, 25 is z, 26 is aa.
std::string level_text(int32_t level);

// {"classes", "class_counts"}, or, of numbers, {"target": {"kind", "offset", "scale"}} (as ColumnInfo has them).
Json target_facts(const Task& task);

// What a manifest says of a task: {"task", "prior", "rows", "features", those of the target, "kinds", "missing_cells",
// "rejections"}.
Json task_facts(const Task& task);

}  // namespace manyshot::prior
