// Results of one model as lm-evaluation-harness writes them, for tools that read those.
#pragma once

#include "core/json.h"
#include "evaluate/summary/summary.h"

namespace manyshot {

// A task is a table at a number of shots ("wine_64shot"), a group all tables at one ("tables_64shot").
Json harness_results(const Summary& summary, size_t model);

// The file's path below the output folder: MODEL/results_TIME.json, with characters that file names cannot have
// replaced.
std::string harness_file_name(const Summary& summary, size_t model);

}  // namespace manyshot
