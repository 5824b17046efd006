// Which part of a job a process does: --shard I/N.
#pragma once

#include <cstdint>
#include <string_view>

namespace manyshot {

struct Shard {
  uint64_t index = 0;  // 0 .. count - 1
  uint64_t count = 1;
};

// Reads "I/N", such as "0/8" or "7/8". Throws Error(kBadInput) for anything else.
Shard parse_shard(std::string_view text);

}  // namespace manyshot
