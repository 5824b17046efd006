#include "core/cgroup.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace manyshot {
namespace {

std::vector<std::string> words_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istream_iterator<std::string>(file), std::istream_iterator<std::string>()};
}

// Nothing for "max", for a negative number (version 1: no quota) and for anything else that is not a number.
std::optional<uint64_t> parse_limit(std::string_view text) { return parse_exact<uint64_t>(text); }

std::optional<uint64_t> read_limit(const std::string& path) {
  const auto words = words_of(path);
  return words.empty() ? std::nullopt : parse_limit(words[0]);
}

std::optional<double> quotient(std::optional<uint64_t> quota, std::optional<uint64_t> period) {
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

template <class T>
void lower_to(std::optional<T>& limit, std::optional<T> other) {
  if (other && (!limit || *other < *limit)) limit = other;
}

void apply_version_2(const std::string& folder, CgroupLimits& limits) {
  lower_to(limits.memory_bytes, read_limit(folder + "/memory.max"));
  const auto cpu = words_of(folder + "/cpu.max");
  if (cpu.size() == 2) lower_to(limits.cpus, quotient(parse_limit(cpu[0]), parse_limit(cpu[1])));
}

void apply_version_1(const std::string& folder, CgroupLimits& limits) {
  lower_to(limits.memory_bytes, read_limit(folder + "/memory.limit_in_bytes"));
  lower_to(limits.cpus, quotient(read_limit(folder + "/cpu.cfs_quota_us"), read_limit(folder + "/cpu.cfs_period_us")));
}

// Calls apply on mount/group and every folder above it up to mount. A container often sees its own group as the mount
// while /proc names the path on the host: folders that do not exist simply hold no limits.
template <class Apply>
void walk_up(const std::string& mount, std::string group, Apply apply) {
  while (group.size() > 1) {
    apply(mount + group);
    group.erase(group.rfind('/'));
  }
  apply(mount);
}

bool has_controller(const std::string& controllers, std::string_view name) {
  std::istringstream list(controllers);
  for (std::string controller; std::getline(list, controller, ',');) {
    if (controller == name) return true;
  }
  return false;
}

}  // namespace

CgroupLimits read_cgroup_limits(const std::string& root) {
  CgroupLimits limits;
  const std::string mount = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // hierarchy:controllers:/path, "0::/path" in version 2
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos || line.compare(second + 1, 1, "/") != 0) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      for (const std::string& place : {mount, mount + "/unified"}) {
        walk_up(place, group, [&](const std::string& folder) { apply_version_2(folder, limits); });
      }
    }
    for (const char* controller : {"memory", "cpu"}) {
      if (!has_controller(controllers, controller)) continue;
      for (const std::string& place : {mount + "/" + controller, mount + "/" + controllers}) {
        walk_up(place, group, [&](const std::string& folder) { apply_version_1(folder, limits); });
      }
    }
  }
  return limits;
}

}  // namespace manyshot
