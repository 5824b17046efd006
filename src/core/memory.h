// How much memory the process may use, and how much it uses.
#pragma once

#include <cstdint>

namespace manyshot {

// Bytes this process may use: the smallest of physical memory, the cgroup v1 or v2 limit (of this process's group and
// its parents) and RLIMIT_AS.
uint64_t memory_limit_bytes();
// Bytes of the resident set now, and at its peak so far.
uint64_t memory_used_bytes();
uint64_t peak_memory_bytes();
// Throws Error(kOutOfMemory) "WHAT needs about 12.3 GiB, 8.0 GiB are free: NEXT_STEP" if `bytes` more would pass the
// limit.
void require_memory(uint64_t bytes, const char* what, const char* next_step);

}  // namespace manyshot
