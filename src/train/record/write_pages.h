// The pages of a run in its folder.
#pragma once

#include <string>

#include "report/document.h"

namespace manyshot::train {

// report.md, and, but for libmanyshot.so, which has no room for its scripts, report.html.
void write_pages(const report::Document& document, const std::string& folder);

}  // namespace manyshot::train
