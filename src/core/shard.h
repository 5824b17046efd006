// Which part of a job a process does: --shard I/N.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace manyshot {

struct Shard {
  uint64_t index = 0;  // 0 .. count - 1
  uint64_t count = 1;
};

// Reads "I/N", such as "0/8" or "7/8". Throws Error(kBadInput) for anything else.
Shard parse_shard(std::string_view text);

// The file that a shard writes beside those of others: "tasks.jsonl" of a whole job, "tasks-2-of-8.jsonl" of a part.
std::string shard_file(const Shard& shard, std::string_view stem, std::string_view extension);

}  // namespace manyshot
