// What two runs of an evaluation differ in (summary/compare_runs.h), for people.
#pragma once

#include <string>

#include "evaluate/summary/compare_runs.h"
#include "report/document.h"

namespace manyshot::report {

// How the runs are called in texts: the folders they stand in.
struct RunNames {
  std::string first, second;
};

// The models' differences table by table at their main number of shots, and their means at all: lines for a terminal.
std::string comparison_text(const RunComparison& comparison, const RunNames& names);

Document comparison_document(const RunComparison& comparison, const RunNames& names);

// Writes comparison.html, comparison.md and comparison.json into `folder`, which is made if need be.
void write_comparison(const RunComparison& comparison, const RunNames& names, const std::string& folder);

}  // namespace manyshot::report
