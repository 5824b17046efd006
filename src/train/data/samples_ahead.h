// Samples of a stream in order, drawn by threads of their own while the caller does something else, such as waiting for
// a device. No more than a bounded number of them stand in memory.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "train/data/sample_stream.h"

namespace manyshot::train {

class SamplesAhead {
 public:
  // Samples position_of(first), position_of(first + 1), … up to number `end`, at most `most_waiting` of them ahead.
  // `stream` must outlive it.
  SamplesAhead(const SampleStream& stream, std::function<uint64_t(uint64_t)> position_of, uint64_t first, uint64_t end,
               int num_threads, size_t most_waiting);
  ~SamplesAhead();
  SamplesAhead(const SamplesAhead&) = delete;
  SamplesAhead& operator=(const SamplesAhead&) = delete;

  // The next `count` samples; waits for those that are not drawn yet. Throws what drawing one of them threw, and
  // Error(kInterrupted) after Ctrl-C. REQUIRES: so many are left.
  std::vector<TrainSample> take(size_t count);

 private:
  struct Slot {
    std::optional<TrainSample> sample;
    std::exception_ptr error;
  };
  void draw_all();
  bool may_draw() const { return next_ < end_ && next_ - first_ < most_waiting_; }

  const SampleStream& stream_;
  std::function<uint64_t(uint64_t)> position_of_;
  size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable is_free_, is_drawn_;
  uint64_t first_, next_, end_;  // the number to be taken next, to be drawn next, and the last one's behind
  std::deque<Slot> slots_;       // of first_ .. next_ - 1
  bool stops_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace manyshot::train
