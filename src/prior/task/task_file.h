// A task as a table in a file: docs/formats/tasks.md.
#pragma once

#include <string>

#include "prior/task/task.h"

namespace manyshot::prior {

// Parquet when `path` ends in .parquet, else CSV. Columns x0, x1, … as they were before standardising, then label, or
// target when it is a number.
// Categorical columns whose levels are whole hold a, b, …; missing cells are empty (Parquet: NaN, or an empty text).
// The file appears only when complete. Errors are those of OutputFile.
void write_task(const Task& task, const std::string& path);

}  // namespace manyshot::prior
