// A collection as a table, for manyshot predict and for other programs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "memory/experience.h"

namespace manyshot::memory {

// Writes id, remembered, each field in the order in which it first came, and the outcome; a field that is called as one
// of these is NAME_field. In CSV and TSV cells are what JSON spells, text without quotes; in Parquet and JSON lines
// fields and outcomes that are all numbers are numbers. What an experience lacks is blank, of numbers missing. The
// format is that of the path's ending; "" is CSV on standard output. Throws what writing throws.
void write_experiences(std::span<const Experience> experiences, const std::string& path);

}  // namespace manyshot::memory
