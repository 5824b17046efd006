// A query that does not fit a model's window behind the labelled rows.
#pragma once

#include <cstdint>
#include <string>

namespace manyshot {

struct LongQuery {
  uint64_t query = 0;        // its place among the queries
  uint64_t tokens = 0;       // its own
  uint64_t shot_tokens = 0;  // of the labelled rows before it
  uint64_t window = 0;       // tokens that the model takes
};

// Throws Error(kBadInput). `row`: the query's place in the file, from 0.
[[noreturn]] void refuse_long_query(const std::string& path, uint64_t row, const LongQuery& query);

}  // namespace manyshot
