#include "serve/job_queue.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/stop_loops.h"

namespace manyshot::serve {

using std::chrono::steady_clock;

JobQueue::JobQueue(std::string what, size_t most_waiting)
    : what_(std::move(what)), most_waiting_(most_waiting), thread_([this] { work(); }) {}

JobQueue::~JobQueue() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = is_unwanted_ = true;
  }
  has_work_.notify_one();
  thread_.join();
}

void JobQueue::run(const std::shared_ptr<Job>& job, std::chrono::seconds timeout,
                   const std::function<bool()>& is_gone) {
  constexpr auto kPatience = std::chrono::milliseconds(200);  // between looks whether the client is there
  const auto deadline = steady_clock::now() + timeout;
  const auto entry = std::make_shared<Entry>(Entry{.job = job});
  std::unique_lock lock(mutex_);
  if (refuses_) fail(ErrorKind::kInterrupted, "the server is stopping");
  if (waiting_.size() >= most_waiting_) {
    fail(ErrorKind::kUnavailable, "{} {} are waiting, {} may; try again soon", waiting_.size(), what_, most_waiting_);
  }
  waiting_.push_back(entry);
  has_work_.notify_one();
  while (!has_result_.wait_for(lock, kPatience, [&] { return entry->is_done || ends_all_; })) {
    const bool is_late = steady_clock::now() > deadline;
    if (!is_late && !is_gone()) continue;
    give_up(entry);
    if (!is_late) fail(ErrorKind::kInterrupted, "the client has gone");
    fail(ErrorKind::kInterrupted, "the request took longer than {} s; ask for less, or later", timeout.count());
  }
  if (!entry->is_done) {
    give_up(entry);
    fail(ErrorKind::kInterrupted, "the server is stopping");
  }
  if (entry->error != nullptr) std::rethrow_exception(entry->error);
}

void JobQueue::give_up(const std::shared_ptr<Entry>& entry) {
  entry->job->is_given_up_ = true;
  std::erase(waiting_, entry);
  const auto is_given_up = [](const auto& other) { return other->job->is_given_up(); };
  if (!under_way_.empty() && std::ranges::all_of(under_way_, is_given_up)) is_unwanted_ = true;
}

void JobQueue::refuse_new() {
  const std::lock_guard lock(mutex_);
  refuses_ = true;
}

void JobQueue::end_all() {
  {
    const std::lock_guard lock(mutex_);
    refuses_ = ends_all_ = true;
  }
  has_result_.notify_all();
}

size_t JobQueue::num_waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + under_way_.size();
}

void JobQueue::take() {
  constexpr size_t kMostTogether = 64;
  under_way_ = {waiting_.front()};
  waiting_.pop_front();
  const Job& first = *under_way_.front()->job;
  for (auto next = waiting_.begin(); next != waiting_.end() && under_way_.size() < kMostTogether;) {
    if ((*next)->job->goes_with(first)) {
      under_way_.push_back(*next);
      next = waiting_.erase(next);
    } else {
      ++next;
    }
  }
  is_unwanted_ = false;
}

void JobQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_work_.wait(lock, [&] { return stops_ || !waiting_.empty(); });
    if (stops_) return;
    take();
    const Entries taken = under_way_;
    lock.unlock();
    do_together(taken);
    lock.lock();
    under_way_.clear();
    for (const auto& entry : taken) entry->is_done = true;
    has_result_.notify_all();
  }
}

void JobQueue::do_together(const Entries& entries) const {
  std::vector<std::shared_ptr<Job>> others;
  for (size_t i = 1; i < entries.size(); ++i) others.push_back(entries[i]->job);
  const StoppableLoops stoppable(&is_unwanted_);
  try {
    return entries.front()->job->run(others);
  } catch (...) {
    if (others.empty() || is_unwanted_) {
      for (const auto& entry : entries) entry->error = std::current_exception();
      return;
    }
  }
  for (const auto& entry : entries) do_together({entry});
}

}  // namespace manyshot::serve
