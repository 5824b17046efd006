// Samples of a stream in order, drawn ahead by all threads at once. Drawing and computing take turns: background
// threads would only take cores from the network's loops, which wait for their slowest thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "train/data/sample_stream.h"

namespace manyshot::train {

class SampleBuffer {
 public:
  // Gives sample(position_of(first)), sample(position_of(first + 1)), … up to number `end`. `stream` must outlive it.
  SampleBuffer(const SampleStream& stream, std::function<uint64_t(uint64_t)> position_of, uint64_t first, uint64_t end);

  // The next `count` samples. REQUIRES: so many are left.
  std::vector<TrainSample> take(size_t count);

 private:
  void draw(size_t count);

  const SampleStream& stream_;
  std::function<uint64_t(uint64_t)> position_of_;
  uint64_t next_, end_;
  std::deque<TrainSample> waiting_;
  std::vector<StreamScratch> scratch_;  // one per thread
};

}  // namespace manyshot::train
