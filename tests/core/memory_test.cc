#include "core/memory.h"

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "core/cgroup.h"
#include "support/child_process.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::MatchesRegex;

TEST(Cgroup, Version2TakesTheTightestOfTheGroupAndItsParents) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "0::/job/step\n");
  root.write("sys/fs/cgroup/job/step/memory.max", "max\n");
  root.write("sys/fs/cgroup/job/memory.max", "1000000\n");
  root.write("sys/fs/cgroup/memory.max", "5000000\n");
  root.write("sys/fs/cgroup/job/step/cpu.max", "150000 100000\n");
  root.write("sys/fs/cgroup/job/cpu.max", "max 100000\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  EXPECT_EQ(limits.memory_bytes, 1000000u);
  EXPECT_EQ(limits.cpus, 1.5);
}

TEST(Cgroup, Version1ReadsEachController) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "5:cpu,cpuacct:/slurm/job\n4:memory:/slurm/job\n1:name=systemd:/x\n");
  root.write("sys/fs/cgroup/memory/slurm/job/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "2000000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_quota_us", "-1\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/slurm/job/cpu.cfs_period_us", "100000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "200000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "100000\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  EXPECT_EQ(limits.memory_bytes, 2000000u);
  EXPECT_EQ(limits.cpus, 2.0);
}

TEST(Cgroup, AContainerSeesItsGroupAsTheMount) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "4:memory:/docker/0123abcd\n0::/\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "3000000\n");
  root.write("sys/fs/cgroup/unified/cpu.max", "50000 100000\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  EXPECT_EQ(limits.memory_bytes, 3000000u);
  EXPECT_EQ(limits.cpus, 0.5);
}

TEST(Cgroup, NothingReadableIsNoLimit) {
  const TemporaryFolder root;
  EXPECT_FALSE(read_cgroup_limits(root.path()).memory_bytes);
  root.write("proc/self/cgroup", "nonsense\n0::\n:\n0::/a\n");
  root.write("sys/fs/cgroup/a/memory.max", "lots\n");
  root.write("sys/fs/cgroup/a/cpu.max", "100000 0\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  EXPECT_FALSE(limits.memory_bytes);
  EXPECT_FALSE(limits.cpus);
}

TEST(Memory, UseAndPeakFollowAnAllocation) {
  constexpr size_t kBytes = size_t{64} << 20;
  const uint64_t before = memory_used_bytes();
  EXPECT_GT(before, 0u);
  EXPECT_LT(before, memory_limit_bytes());
  void* block = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  std::memset(block, 1, kBytes);
  EXPECT_GE(memory_used_bytes(), before + kBytes * 9 / 10);
  munmap(block, kBytes);
  EXPECT_LT(memory_used_bytes(), before + kBytes / 2);
  EXPECT_GE(peak_memory_bytes(), before + kBytes * 9 / 10);
}

TEST(Memory, RequireMemoryRefusesMoreThanIsFree) {
  require_memory(1 << 20, "a small table", "");
  const Error error = error_of([] { require_memory(uint64_t{1} << 60, "the table", "use --shots 512"); });
  EXPECT_EQ(error.kind(), ErrorKind::kOutOfMemory);
  EXPECT_THAT(error.what(), MatchesRegex("the table needs about 1.0 EiB, [0-9.]+ [KMGT]iB are free: use --shots 512"));
}

TEST(Memory, TheAddressSpaceLimitCounts) {
  const ChildEnd end = run_in_child([] {
    uint64_t virtual_pages = 0;
    std::ifstream("/proc/self/statm") >> virtual_pages;
    const uint64_t bytes = virtual_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + (uint64_t{64} << 20);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_AS, &limit);
    if (memory_limit_bytes() > bytes) _exit(1);
    require_memory(uint64_t{32} << 20, "half of the rest", "");
    require_memory(uint64_t{80} << 20, "more than the rest", "free some");
  });
  EXPECT_EQ(end.exit_code, 99);
  EXPECT_THAT(end.standard_error,
              MatchesRegex("more than the rest needs about 80.0 MiB, [5-6][0-9.]+ MiB are free: free some"));
}

}  // namespace
}  // namespace manyshot
