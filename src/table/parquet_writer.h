// The Parquet writer behind open_table_writer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "table/table_writer.h"

namespace manyshot {

std::unique_ptr<TableWriter> open_parquet_writer(const std::string& path, const std::vector<std::string>& column_names);

}  // namespace manyshot
