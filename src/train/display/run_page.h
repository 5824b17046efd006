// The page of a run: report.html and report.md, for people; report.json has the same and more for programs.
#pragma once

#include <vector>

#include "core/json.h"
#include "report/document.h"

namespace manyshot::train {

// `report`: report.json. `run`: run.json. `metrics`: the lines of metrics.jsonl. What is missing in them is left out,
// so that a run under way has a page, too.
report::Document run_document(const Json& report, const Json& run, const std::vector<Json>& metrics);

}  // namespace manyshot::train
