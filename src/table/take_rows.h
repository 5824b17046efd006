// Parts of a table in memory.
#pragma once

#include <cstdint>
#include <span>

#include "table/table.h"

namespace manyshot {

// The given rows, in that order; a row may be asked for twice. Categories stay those of the whole.
Column take_rows(const Column& column, std::span<const uint64_t> rows);
Table take_rows(const Table& table, std::span<const uint64_t> rows);

}  // namespace manyshot
