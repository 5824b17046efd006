// summary.json: a summary as JSON, and back, so that a report can be made again, or elsewhere, without the ledger.
// Format: docs/formats/evaluation.md.
#pragma once

#include <string>

#include "core/json.h"
#include "evaluate/summary/summary.h"

namespace manyshot {

inline constexpr const char* kSummaryFormat = "manyshot evaluation summary 1";  // the member "format"

// The whole summary; NaN becomes null.
Json to_json(const Summary& summary);

// The inverse, of the file at `path`. Throws Error(kCorruptFile) naming it when it is no summary of this version,
// kNotFound when there is no such file.
Summary read_summary(const std::string& path);

}  // namespace manyshot
