// A summary back from summary.json, so that a report can be made again, or elsewhere, without the ledger.
#pragma once

#include <string>

#include "evaluate/summary.h"

namespace manyshot {

// The inverse of to_json(Summary). Throws Error(kCorruptFile) naming `path` when it is no summary of this version,
// kNotFound when there is no such file.
Summary read_summary(const std::string& path);

// Makes report.html, report.md and report.csv of `folder` again from its summary.json.
void rewrite_report(const std::string& folder);

}  // namespace manyshot
