// What scored units say together: cells, averages and curves.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/summary/summary.h"

namespace manyshot {

struct ScoredUnit {
  UnitSummary summary;
  std::vector<uint8_t> correct;  // [Q] whether each query was answered rightly; empty after an error
};

// Fills cells, averages and curves. REQUIRES: summary.run, models and tables; `units` by model, table, shots, seed.
void summarise(const std::vector<ScoredUnit>& units, Summary& summary);

}  // namespace manyshot
