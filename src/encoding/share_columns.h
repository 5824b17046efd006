// Another model's class shares as columns of a table (Column::share_of).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "table/table.h"

namespace manyshot {

// `shares` [rows, K] row-major, NaN where there is none; `names` [K] of the columns. One column for two classes, the
// second's; else one for each.
std::vector<Column> share_columns(std::span<const double> shares, const std::vector<std::string>& names);

}  // namespace manyshot
