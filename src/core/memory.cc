#include "core/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "core/cgroup.h"
#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

uint64_t page_bytes() { return static_cast<uint64_t>(sysconf(_SC_PAGESIZE)); }

struct PageCounts {
  uint64_t virtual_pages = 0;
  uint64_t resident_pages = 0;
};

PageCounts read_page_counts() {
  PageCounts counts;
  std::ifstream("/proc/self/statm") >> counts.virtual_pages >> counts.resident_pages;
  return counts;
}

uint64_t address_space_limit() {
  rlimit limit{};
  const bool is_limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return is_limited ? limit.rlim_cur : std::numeric_limits<uint64_t>::max();
}

uint64_t left_of(uint64_t limit, uint64_t used) { return limit > used ? limit - used : 0; }

}  // namespace

uint64_t memory_limit_bytes() {
  const uint64_t physical = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes();
  const uint64_t group = read_cgroup_limits().memory_bytes.value_or(physical);
  return std::min({physical, group, address_space_limit()});
}

uint64_t memory_used_bytes() { return read_page_counts().resident_pages * page_bytes(); }

// Not getrusage: its peak survives execve, so that a small program started by a large one would report the large one's.
uint64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  return memory_used_bytes();
}

void require_memory(uint64_t bytes, const char* what, const char* next_step) {
  const PageCounts used = read_page_counts();
  const uint64_t free = std::min(left_of(memory_limit_bytes(), used.resident_pages * page_bytes()),
                                 left_of(address_space_limit(), used.virtual_pages * page_bytes()));
  if (bytes <= free) return;
  fail(ErrorKind::kOutOfMemory, "{} needs about {}, {} are free: {}", what, format_bytes(bytes), format_bytes(free),
       next_step);
}

}  // namespace manyshot
