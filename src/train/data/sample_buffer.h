// Samples of a stream in order, drawn ahead. Where the network computes on this machine's cores, drawing and computing
// take turns: background threads would only take cores from the network's loops, which wait for their slowest thread.
// Beside a device, which leaves the cores idle, they are drawn meanwhile.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "train/data/sample_stream.h"
#include "train/data/samples_ahead.h"

namespace manyshot::train {

enum class Drawing { kInTurns, kMeanwhile };

class SampleBuffer {
 public:
  // Gives sample(position_of(first)), sample(position_of(first + 1)), … up to number `end`. `stream` must outlive it.
  SampleBuffer(const SampleStream& stream, std::function<uint64_t(uint64_t)> position_of, uint64_t first, uint64_t end,
               Drawing drawing = Drawing::kInTurns);

  // The next `count` samples. REQUIRES: so many are left.
  std::vector<TrainSample> take(size_t count);

 private:
  void draw(size_t count);

  const SampleStream& stream_;
  std::function<uint64_t(uint64_t)> position_of_;
  uint64_t next_, end_;
  std::deque<TrainSample> waiting_;
  std::vector<StreamScratch> scratch_;  // one per thread
  std::optional<SamplesAhead> ahead_;   // of kMeanwhile
};

}  // namespace manyshot::train
