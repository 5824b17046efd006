#include "core/parallel.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/child_process.h"

namespace manyshot {
namespace {

class ParallelFor : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_num_threads(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Threads, ParallelFor, ::testing::Values(1, 2, 7));

TEST_P(ParallelFor, RunsEveryTaskOnce) {
  for (const size_t count : {0, 1, 2, 3, 1000}) {
    std::vector<std::atomic<int>> runs(count);
    parallel_for(count, [&](size_t i, int) { ++runs[i]; });
    for (const auto& run : runs) EXPECT_EQ(run, 1);
  }
}

TEST_P(ParallelFor, WorkersAreNumberedAndExclusive) {
  std::vector<std::atomic<int>> inside(GetParam());
  std::atomic<int> clashes{0};
  parallel_for(2000, [&](size_t, int worker) {
    ASSERT_GE(worker, 0);
    ASSERT_LT(worker, GetParam());
    if (++inside[worker] != 1) ++clashes;
    --inside[worker];
  });
  EXPECT_EQ(clashes, 0);
}

TEST_P(ParallelFor, NoMoreWorkersThanTasks) {
  std::atomic<int> most{0};
  for (int repeat = 0; repeat < 2000; ++repeat) {
    parallel_for(3, [&](size_t, int worker) {
      for (int seen = most; worker > seen && !most.compare_exchange_weak(seen, worker);) {
      }
    });
  }
  EXPECT_LT(most, std::min(3, GetParam()));
}

TEST_P(ParallelFor, ManyLoopsInARow) {
  std::vector<int> sums(64);
  for (int repeat = 0; repeat < 5000; ++repeat) parallel_for(sums.size(), [&](size_t i, int) { sums[i] += 1; });
  EXPECT_EQ(sums, std::vector<int>(64, 5000));
}

TEST_P(ParallelFor, TheLowestFailingTaskIsReported) {
  for (int repeat = 0; repeat < 200; ++repeat) {
    try {
      parallel_for(1000, [&](size_t i, int) {
        if (i >= 20) throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "20");
    }
  }
  std::atomic<int> runs{0};
  parallel_for(10, [&](size_t, int) { ++runs; });
  EXPECT_EQ(runs, 10) << "the pool must work on after an exception";
}

TEST_P(ParallelFor, NoTasksAreHandedOutAfterAnException) {
  std::atomic<int> runs{0};
  EXPECT_THROW(parallel_for(100000,
                            [&](size_t i, int) {
                              if (i == 0) throw std::runtime_error("first");
                              ++runs;
                              std::this_thread::sleep_for(std::chrono::microseconds(10));
                            }),
               std::runtime_error);
  EXPECT_LT(runs, 100000 / 2);
}

TEST_P(ParallelFor, NestedCallsRunSeriallyUnderTheSameWorker) {
  std::atomic<int> runs{0};
  parallel_for(8, [&](size_t, int outer) {
    const auto thread = std::this_thread::get_id();
    parallel_for(8, [&](size_t, int inner) {
      EXPECT_EQ(std::this_thread::get_id(), thread);
      EXPECT_EQ(inner, outer);
      ++runs;
    });
  });
  EXPECT_EQ(runs, 64);
}

TEST(Parallel, SeveralThreadsMayCallAtOnce) {
  set_num_threads(3);
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat) parallel_for(16, [&](size_t, int) { ++runs; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs, 4 * 200 * 16);
}

TEST(Parallel, TheNumberOfThreadsMayChangeBetweenLoops) {
  for (const int count : {4, 1, 2, 5}) {
    set_num_threads(count);
    EXPECT_EQ(num_threads(), count);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    parallel_for(static_cast<size_t>(count), [&](size_t, int) {
      {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
      }
      for (int wait_ms = 0; wait_ms < 2000; ++wait_ms) {  // hold the thread until all have come
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const std::lock_guard lock(mutex);
        if (threads.size() == static_cast<size_t>(count)) return;
      }
    });
    EXPECT_EQ(threads.size(), static_cast<size_t>(count));
  }
}

TEST(Parallel, TheDefaultRespectsTheAffinity) {
  set_num_threads(1);  // a fork has none of its parent's threads
  const ChildEnd end = run_in_child([] {
    cpu_set_t cpus;
    sched_getaffinity(0, sizeof cpus, &cpus);
    int first = 0;
    while (!CPU_ISSET(first, &cpus)) ++first;
    CPU_ZERO(&cpus);
    CPU_SET(first, &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus);
    set_num_threads(0);
    _exit(num_threads() == 1 ? 0 : 1);
  });
  EXPECT_EQ(end.exit_code, 0);
}

TEST(Parallel, AThreadThatCannotBeStartedIsAnError) {
  set_num_threads(1);
  const ChildEnd end = run_in_child([] {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(1);
    const rlimit limit{0, 0};
    setrlimit(RLIMIT_NPROC, &limit);
    set_num_threads(64);
    parallel_for(100, [](size_t, int) {});
  });
  EXPECT_EQ(end.exit_code, 99);
  EXPECT_EQ(end.standard_error,
            "cannot start thread 2 of 64: Resource temporarily unavailable; use fewer threads (--threads)");
}

}  // namespace
}  // namespace manyshot
