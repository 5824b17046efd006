// Another model's class shares as columns of a table (Column::share_of).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "table/table.h"

namespace manyshot {

// `shares` [rows, K] row-major, NaN where there is none; `names` [K] of the columns. One column for two classes, the
// second's; else one for each.
std::vector<Column> share_columns(std::span<const double> shares, const std::vector<std::string>& names);

// The number behind the last of one model's shares, which begin at column `first`. REQUIRES: its share_of is a class.
size_t end_of_shares(std::span<const Column> columns, size_t first);

}  // namespace manyshot
