#include "evaluate/endpoint/concurrent_requests.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace manyshot {

void run_concurrently(size_t count, size_t concurrency,
                      const std::function<void(size_t i, std::stop_token stop)>& task) {
  std::stop_source stop;
  std::atomic<size_t> next = 0;
  std::exception_ptr first;
  std::mutex mutex;
  const auto work = [&] {
    for (size_t i; !stop.stop_requested() && (i = next++) < count;) {
      try {
        task(i, stop.get_token());
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        stop.request_stop();
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < std::min(count, concurrency); ++i) others.emplace_back(work);
    work();
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace manyshot
