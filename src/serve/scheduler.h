// One thread that writes the texts of all requests: what comes while others are under way joins them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "generate/generator.h"

namespace manyshot::serve {

// What was added to one of a job's texts.
struct TextUpdate {
  size_t text = 0;  // which of them
  std::string piece;
  // Tokens, log-probabilities and likeliest tokens since the last update; those of the prompt in the first one. `text`
  // is empty.
  Generation part;
  bool is_done = false;
};

struct SchedulerCounts {
  uint64_t prompt_tokens = 0, tokens = 0;  // of texts that are done
  uint64_t texts = 0, cancelled = 0;
  size_t under_way = 0;  // being written, or waiting
};

class Scheduler {
 public:
  // REQUIRES: `model` outlives it.
  Scheduler(const Model& model, size_t texts_at_once, size_t most_texts);
  ~Scheduler();  // REQUIRES: no job is left
  Scheduler(const Scheduler&) = delete;

  class Job;
  // Queues the texts of a request; their own callbacks are not used. `by_pieces`: updates come as texts are written,
  // else one for each when it is done. Throws what check_request() throws, Error(kBadInput) for more texts than may
  // ever be under way, kUnavailable when too many are at the moment, kInterrupted after refuse_new().
  std::unique_ptr<Job> submit(std::vector<GenerateRequest> requests, bool by_pieces);
  // From now on submit() throws.
  void refuse_new();
  bool refuses() const;
  // Ends all jobs with an error.
  void end_all();
  SchedulerCounts counts() const;

 private:
  struct State;
  struct Submission {
    std::vector<GenerateRequest> requests;
    std::shared_ptr<State> state;
  };
  void run();
  void start(Submission submission);
  void count_done(const Generation& text);
  void forget(const std::shared_ptr<State>& state);
  void fail_all(std::exception_ptr error);

  const Model& model_;
  const size_t most_texts_;
  Generator generator_;                                               // of the thread
  std::map<std::shared_ptr<State>, std::vector<Generator::Id>> ids_;  // of the thread

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Submission> submissions_;
  std::vector<std::shared_ptr<State>> given_up_;
  SchedulerCounts counts_;
  bool refuses_ = false, ends_jobs_ = false, stops_ = false;
  std::thread thread_;
};

// A request under way. Giving it up ends its texts.
class Scheduler::Job {
 public:
  ~Job();
  // The next update; nothing when none comes in time, or when all texts are done. Throws what ended the job.
  std::optional<TextUpdate> next(std::chrono::milliseconds time);
  bool is_done() const { return num_left_ == 0; }

 private:
  friend class Scheduler;
  Job(Scheduler& scheduler, std::shared_ptr<State> state, size_t num_texts)
      : scheduler_(scheduler), state_(std::move(state)), num_left_(num_texts) {}
  Scheduler& scheduler_;
  std::shared_ptr<State> state_;
  size_t num_left_;
};

}  // namespace manyshot::serve
