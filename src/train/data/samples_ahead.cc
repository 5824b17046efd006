#include "train/data/samples_ahead.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"

namespace manyshot::train {
namespace {

constexpr auto kInterruptInterval = std::chrono::milliseconds(100);

}  // namespace

SamplesAhead::SamplesAhead(const SampleStream& stream, std::function<uint64_t(uint64_t)> position_of, uint64_t first,
                           uint64_t end, int num_threads, size_t most_waiting)
    : stream_(stream),
      position_of_(std::move(position_of)),
      most_waiting_(most_waiting),
      first_(first),
      next_(first),
      end_(end) {
  for (int i = 0; i < num_threads; ++i) {
    try {
      threads_.emplace_back([this] { draw_all(); });
    } catch (const std::system_error& error) {
      if (!threads_.empty()) return;  // fewer do
      fail(ErrorKind::kOutOfMemory, "cannot start a thread that draws samples: {}", error.code().message());
    }
  }
}

SamplesAhead::~SamplesAhead() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  is_free_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void SamplesAhead::draw_all() {
  StreamScratch scratch;
  std::unique_lock lock(mutex_);
  while (true) {
    is_free_.wait(lock, [&] { return stops_ || next_ == end_ || may_draw(); });
    if (stops_ || next_ == end_) return;
    const uint64_t number = next_++;
    slots_.emplace_back();
    lock.unlock();
    Slot slot;
    try {
      slot.sample = stream_.sample(position_of_(number), scratch);
    } catch (...) {
      slot.error = std::current_exception();
    }
    lock.lock();
    slots_[number - first_] = std::move(slot);  // not taken before it is drawn, so first_ <= number
    is_drawn_.notify_one();
  }
}

std::vector<TrainSample> SamplesAhead::take(size_t count) {
  std::vector<TrainSample> taken;
  std::unique_lock lock(mutex_);
  while (taken.size() < count) {
    const auto is_ready = [&] { return !slots_.empty() && (slots_.front().sample || slots_.front().error); };
    while (!is_drawn_.wait_for(lock, kInterruptInterval, is_ready)) check_interrupted();
    if (slots_.front().error) std::rethrow_exception(slots_.front().error);
    taken.push_back(*std::move(slots_.front().sample));
    slots_.pop_front();
    ++first_;
    is_free_.notify_one();
  }
  return taken;
}

}  // namespace manyshot::train
