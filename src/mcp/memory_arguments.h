// Arguments and words that the tools on a memory have in common.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"
#include "memory/memory_file.h"

namespace manyshot::mcp {

Json collection_schema();
Json fields_schema(const std::string& more = "");
Json outcome_schema();

// "1 experience", "1,200 experiences"
std::string count_of_experiences(uint64_t count);
// The end of a sentence about a collection that holds nothing: which other ones do, and a name that was perhaps meant.
std::string other_collections(memory::MemoryFile& file, const std::string& collection);

}  // namespace manyshot::mcp
