// The averages of what was measured of numbers.
#pragma once

#include <span>

#include "evaluate/summary/summary.h"

namespace manyshot {

// Of one table at one number of shots: the means over its units, which are of several seeds and have no errors;
// `tables` and all counts are left open.
NumberAverageSummary mean_over_seeds(std::span<const NumberUnitSummary* const> units);

// Fills summary.number_averages from its models, shots and number_units.
void summarise_numbers(Summary& summary);

}  // namespace manyshot
