// Limits that Linux control groups (containers, Slurm, systemd) put on this process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace manyshot {

struct CgroupLimits {
  std::optional<uint64_t> memory_bytes;
  std::optional<double> cpus;  // quota over period, for instance 1.5
};

// The smallest limits among this process's group and its parents, version 1 and 2. A file that cannot be read sets no
// limit. `root` takes the place of "/" (it holds proc/self/cgroup and sys/fs/cgroup).
CgroupLimits read_cgroup_limits(const std::string& root = "");

}  // namespace manyshot
