// The averages of what was measured of numbers.
#pragma once

#include "evaluate/summary/summary.h"

namespace manyshot {

// Fills summary.number_averages from its models, shots and number_units.
void summarise_numbers(Summary& summary);

}  // namespace manyshot
