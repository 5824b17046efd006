// How large a task is: drawn once for a task from what the settings allow.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/rng.h"
#include "prior/options.h"

namespace manyshot::prior {

// Rows of a task: log-uniform over the range.
size_t draw_num_rows(const PriorSettings& settings, const Rng& rng);
// Two with the probability `binary` when the range has two, else uniform on the range. Without `binary` it is 0.5 for
// mlp and tree and 0.325 for the others, where, with the even draw on 2..10, 40 % of tasks have two classes.
int draw_num_classes(PriorKind kind, const PriorSettings& settings, const Rng& rng);

// What a prior draws the columns of a table with num_rows rows from: the range asked for, or what "auto" means there,
// 5:50 for mlp and tree, 2 to a 25th of the rows (at least 3, at most 40) for graph and forest, 2 to a 6th (at least 3,
// at most 60) for effects. Constant columns go later, so a task may have fewer.
IntRange feature_range(PriorKind kind, const PriorSettings& settings, int64_t num_rows);
// The most columns a task of this prior can have, over its parts and rows.
int64_t most_features(const PriorSettings& settings);

// For graph, forest and effects: uniform on the range asked for, or log-uniform on that of "auto".
size_t draw_num_features(PriorKind kind, const PriorSettings& settings, size_t num_rows, const Rng& rng);

}  // namespace manyshot::prior
