// Which files of a folder are tables.
#pragma once

#include <string>
#include <system_error>
#include <vector>

namespace manyshot {

// The .csv, .parquet and .pq files of the folder, sorted, but for index.csv and baselines_open.csv, which describe a
// collection. `error` says why the folder cannot be read.
std::vector<std::string> tables_in(const std::string& folder, std::error_code& error);

}  // namespace manyshot
