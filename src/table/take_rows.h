// Parts of tables in memory, and several as one.
#pragma once

#include <cstdint>
#include <span>

#include "table/table.h"

namespace manyshot {

// The given rows, in that order; a row may be asked for twice. Categories stay those of the whole.
Column take_rows(const Column& column, std::span<const uint64_t> rows);
Table take_rows(const Table& table, std::span<const uint64_t> rows);

// The rows of all tables, one after the other. Categories that a later table has beyond those of the first ones are
// added. REQUIRES: at least one table, all with the same columns.
Table join_tables(std::span<const Table* const> tables);

}  // namespace manyshot
