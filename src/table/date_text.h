// Days and moments as text that parse_date (table/cell_values.h) reads.
#pragma once

#include <cstdint>
#include <string>

namespace manyshot {

// Appends days since 1970-01-01 as "2024-02-29". Years outside 1..9999 cannot be written as a date; such a cell reads
// as no date.
void write_day(int64_t days, std::string& out);

// Appends ticks since 1970-01-01 as "2024-02-29T13:05:09.25", with a "Z" where it has a zone.
void write_timestamp(int64_t ticks, int64_t per_second, bool has_zone, std::string& out);

}  // namespace manyshot
