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

// Reads "I/N", such as "0/8" or "7/8". "auto" asks the environment, in this order: a Slurm array (SLURM_ARRAY_TASK_ID,
// _MIN, _STEP and _COUNT), an indexed Kubernetes Job (JOB_COMPLETION_INDEX, and JOB_COMPLETIONS, which the Job must
// set), torchrun (RANK, WORLD_SIZE), srun (SLURM_PROCID, SLURM_NTASKS). Throws Error(kBadInput) for anything else, and
// for an environment that says nothing or no sense.
Shard parse_shard(std::string_view text);
std::string to_text(const Shard& shard);  // "7/8"

// The file that a shard writes beside those of others: "tasks.jsonl" of a whole job, "tasks-2-of-8.jsonl" of a part.
std::string shard_file(const Shard& shard, std::string_view stem, std::string_view extension);

}  // namespace manyshot
