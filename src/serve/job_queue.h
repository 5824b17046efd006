// Work that the threads of requests leave to one thread, and wait for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace manyshot::serve {

class Job {
 public:
  virtual ~Job() = default;
  // Does this job and `others`, which have said that they go with it. Where that throws, each is done alone.
  virtual void run(std::span<const std::shared_ptr<Job>> others) = 0;
  virtual bool goes_with(const Job& /*first*/) const { return false; }

  // Nobody waits any more: what comes of it should not be kept.
  bool is_given_up() const { return is_given_up_; }

 private:
  friend class JobQueue;
  std::atomic<bool> is_given_up_ = false;
};

class JobQueue {
 public:
  // `what` the jobs are, in messages: "fits".
  JobQueue(std::string what, size_t most_waiting);
  ~JobQueue();  // REQUIRES: nobody waits
  JobQueue(const JobQueue&) = delete;

  // Returns when the job is done, one of the first that wait, and all that go with it. Throws what it threw;
  // Error(kUnavailable) when too many wait, and kInterrupted when the time is over, the client is gone, or the server
  // stops. What is under way and nobody waits for any more ends at its next check_interrupted().
  void run(const std::shared_ptr<Job>& job, std::chrono::seconds timeout, const std::function<bool()>& is_gone);
  // From now on run() throws.
  void refuse_new();
  // Ends the waiting of all.
  void end_all();
  size_t num_waiting() const;  // or being done

 private:
  struct Entry {
    std::shared_ptr<Job> job;
    bool is_done = false;
    std::exception_ptr error;
  };
  using Entries = std::vector<std::shared_ptr<Entry>>;
  void work();
  void take();  // REQUIRES: the lock
  void do_together(const Entries& entries) const;
  void give_up(const std::shared_ptr<Entry>& entry);

  const std::string what_;
  const size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable has_work_, has_result_;
  std::deque<std::shared_ptr<Entry>> waiting_;
  Entries under_way_;
  std::atomic<bool> is_unwanted_ = false;  // what is under way
  bool refuses_ = false, ends_all_ = false, stops_ = false;
  std::thread thread_;
};

}  // namespace manyshot::serve
