// How large a task is: drawn once for a task from what the settings allow.
#pragma once

#include <cstddef>

#include "core/rng.h"
#include "prior/options.h"

namespace manyshot {

// Rows of a task: log-uniform over the range.
size_t draw_num_rows(const PriorSettings& settings, const Rng& rng);
// Two with the probability `binary` when the range has two, else uniform on the range.
int draw_num_classes(const PriorSettings& settings, double default_binary, const Rng& rng);

// For graph and forest: uniform on the range, or, without one, log-uniform from 2 to a 25th of the rows, 40 at most.
size_t draw_num_features(const PriorSettings& settings, size_t num_rows, const Rng& rng);

}  // namespace manyshot
