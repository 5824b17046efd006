#include "train/data/sample_buffer.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"

namespace manyshot::train {
namespace {

// Drawn at once for each thread: their costs differ a lot, and many even out.
constexpr size_t kDrawsPerThread = 8;
constexpr size_t kMostWaiting = 1024;  // drawn meanwhile: some steps' samples

}  // namespace

SampleBuffer::SampleBuffer(const SampleStream& stream, std::function<uint64_t(uint64_t)> position_of, uint64_t first,
                           uint64_t end, Drawing drawing)
    : stream_(stream), position_of_(std::move(position_of)), next_(first), end_(end) {
  if (drawing == Drawing::kInTurns) return;
  // One thread is the loop's, which feeds the device.
  ahead_.emplace(stream, position_of_, first, end, std::max(1, num_threads() - 1), kMostWaiting);
}

std::vector<TrainSample> SampleBuffer::take(size_t count) {
  if (ahead_) return ahead_->take(count);
  if (waiting_.size() < count) {
    draw(std::max(count - waiting_.size(), kDrawsPerThread * static_cast<size_t>(num_threads())));
  }
  std::vector<TrainSample> taken(std::make_move_iterator(waiting_.begin()),
                                 std::make_move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count)));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  return taken;
}

void SampleBuffer::draw(size_t count) {
  scratch_.resize(static_cast<size_t>(num_threads()));
  std::vector<TrainSample> drawn(std::min<uint64_t>(count, end_ - next_));
  parallel_for(drawn.size(), [&](size_t i, int worker) {
    drawn[i] = stream_.sample(position_of_(next_ + i), scratch_[static_cast<size_t>(worker)]);
  });
  next_ += drawn.size();
  std::move(drawn.begin(), drawn.end(), std::back_inserter(waiting_));
}

}  // namespace manyshot::train
