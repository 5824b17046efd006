// What scored units say together: cells, averages and curves.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/summary/summary.h"

namespace manyshot {

// Fills cells, averages and curves. REQUIRES: summary.run, models, tables, and units by model, table, shots, seed.
void summarise(Summary& summary);

}  // namespace manyshot
