// Predictions as tools give them.
#pragma once

#include <span>

#include "core/json.h"

namespace manyshot::mcp {

// {"p05": …, …}: the quantiles that are written of a predicted number, of slices [kNumSlices].
Json quantiles_json(std::span<const double> slices);

}  // namespace manyshot::mcp
