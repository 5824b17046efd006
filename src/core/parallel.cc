#include "core/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/cgroup.h"
#include "core/error.h"
#include "core/stop_loops.h"

namespace manyshot {
namespace {

using Task = std::function<void(size_t i, int worker)>;

// The worker whose task this thread is running, or -1 outside of a parallel loop.
thread_local int current_worker = -1;

// How long a thread looks for work before it sleeps: about the time that waking a sleeping thread takes. Loops of a
// network's layers follow each other faster than that.
constexpr auto kSpinTime = std::chrono::microseconds(20);

// Yields instead of pausing: where other processes own the cores, the thread waited for may be queued behind this one.
template <class Condition>
void spin_until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kSpinTime;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
}

// One call of parallel_for: the counter that hands out tasks, and the exception to report.
class Loop {
 public:
  Loop(size_t count, const Task& task) : count_(count), task_(task) {}

  void work(int worker) {
    const StoppableLoops stoppable(stops_);
    current_worker = worker;
    for (size_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) {
      try {
        task_(i, worker);
      } catch (...) {
        next_.store(count_, std::memory_order_relaxed);
        keep_exception(i);
      }
    }
    current_worker = -1;
  }

  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  void keep_exception(size_t i) {
    const std::lock_guard lock(mutex_);
    if (i >= exception_task_) return;
    exception_ = std::current_exception();
    exception_task_ = i;
  }

  size_t count_;
  const Task& task_;
  const std::atomic<bool>* stops_ = StoppableLoops::of_this_thread();  // the caller's
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr exception_;
  size_t exception_task_ = std::numeric_limits<size_t>::max();
};

// Sleeping threads that join a loop while it has seats. Used by one thread at a time (Pool::owner).
class Workers {
 public:
  ~Workers() { resize(0); }

  int size() const { return static_cast<int>(threads_.size()); }

  void resize(int count) {
    if (count == size()) return;
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    seat_free_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    stop_ = false;
    for (int number = 1; number <= count; ++number) start(number, count);
  }

  // Works on `loop` with at most `helpers` of the threads, and returns when all of them have left it. A thread that
  // wakes up too late finds no seat, so the caller does not wait for it.
  void share(Loop& loop, int helpers) {
    {
      const std::lock_guard lock(mutex_);
      loop_ = &loop;
      next_worker_ = 1;
      seats_ = helpers;
    }
    seat_free_.notify_all();
    loop.work(0);
    {
      const std::lock_guard lock(mutex_);
      seats_ = 0;
    }
    spin_until([&] { return seated_ == 0; });
    std::unique_lock lock(mutex_);
    all_left_.wait(lock, [&] { return seated_ == 0; });
  }

 private:
  void start(int number, int count) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error& error) {
      fail(ErrorKind::kOutOfMemory, "cannot start thread {} of {}: {}; use fewer threads (--threads)", number + 1,
           count + 1, error.code().message());
    }
  }

  struct Seat {
    Loop* loop = nullptr;  // null when the thread shall end
    int worker = 0;        // the loop's workers are numbered as they come
  };

  void run() {
    for (Seat seat = take_seat(); seat.loop != nullptr; seat = take_seat()) {
      seat.loop->work(seat.worker);
      const std::lock_guard lock(mutex_);
      if (--seated_ == 0) all_left_.notify_one();
    }
  }

  Seat take_seat() {
    const auto is_wanted = [&] { return seats_ > 0 || stop_; };
    spin_until(is_wanted);
    std::unique_lock lock(mutex_);
    seat_free_.wait(lock, is_wanted);
    if (stop_) return {};
    --seats_;
    ++seated_;
    return {loop_, next_worker_++};
  }

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable seat_free_;
  std::condition_variable all_left_;
  Loop* loop_ = nullptr;
  int next_worker_ = 1;
  // Changed under mutex_ only; atomic because spin_until looks without it.
  std::atomic<int> seats_{0};
  std::atomic<int> seated_{0};
  std::atomic<bool> stop_{false};
};

int default_num_threads() {
  cpu_set_t cpus;
  int count = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus)
                                                            : static_cast<int>(std::thread::hardware_concurrency());
  if (const auto quota = read_cgroup_limits().cpus) count = std::min(count, static_cast<int>(std::ceil(*quota)));
  return std::max(count, 1);
}

struct Pool {
  std::mutex owner;  // held by the thread whose loop runs
  std::atomic<int> num_threads{default_num_threads()};
  Workers workers;
};

Pool& pool() {
  static Pool pool;
  return pool;
}

void run_serially(size_t count, const Task& task) {
  const int worker = std::max(current_worker, 0);
  for (size_t i = 0; i < count; ++i) task(i, worker);
}

}  // namespace

void set_num_threads(int num_threads) {
  assert(num_threads >= 0 && current_worker == -1);
  const std::lock_guard lock(pool().owner);
  pool().num_threads = num_threads > 0 ? num_threads : default_num_threads();
  pool().workers.resize(0);  // the next loop starts as many as it needs
}

int num_threads() { return pool().num_threads; }

void parallel_for(size_t count, const Task& task) {
  if (count <= 1 || current_worker >= 0 || num_threads() == 1) return run_serially(count, task);
  const std::unique_lock owner(pool().owner, std::try_to_lock);
  if (!owner) return run_serially(count, task);
  Workers& workers = pool().workers;
  workers.resize(num_threads() - 1);
  Loop loop(count, task);
  workers.share(loop, static_cast<int>(std::min<size_t>(static_cast<size_t>(workers.size()), count - 1)));
  loop.rethrow();
}

}  // namespace manyshot
