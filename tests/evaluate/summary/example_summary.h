// A summary as a real evaluation would give it, made of simulated units.
#pragma once

#include "evaluate/summary/summary.h"

namespace manyshot::testing {

// Models "default", "default+calibrate=none", "forest", "knn", "majority" and "openai:writer" on 40 tables, 8 to 1024
// shots, two seeds. Small tables lack the most shots, the writer fails on one table and at 1024 shots, one table has no
// AUC, one has a long name twice over, and two files could not be read.
Summary example_summary();

}  // namespace manyshot::testing
