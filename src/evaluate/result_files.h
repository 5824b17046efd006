// The files of an evaluation (docs/formats/evaluation.md).
#pragma once

#include <string>

#include "evaluate/evaluation.h"
#include "evaluate/summary/summary.h"

namespace manyshot {

// Writes into `folder`, each file complete or not at all:
//   summary.json           everything
//   results.csv            a line for each model, table, shots, seed
//   results_per_split.csv  the same as TabArena names things
//   harness/MODEL/results_TIME.json  as lm-evaluation-harness writes them
//   predictions.parquet    every prediction
// The same ledger gives the same bytes.
void write_result_files(Evaluation& evaluation, const Summary& summary, const std::string& folder);

}  // namespace manyshot
