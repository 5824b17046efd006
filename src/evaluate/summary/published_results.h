// Numbers that arXiv 2509.06806 (version 6) prints, beside ours.
#pragma once

#include "evaluate/summary/summary.h"

namespace manyshot {

// The numbers of the paper for tables and numbers of shots that `summary` has, each with our models' accuracies, and
// the paper's means over its main set for the numbers of shots. A table is the same when its name is, but for case and
// punctuation.
std::vector<PublishedComparison> compare_with_published(const Summary& summary);

}  // namespace manyshot
