#include "serve/scheduler.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace manyshot::serve {

// What the thread tells a job.
struct Scheduler::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<TextUpdate> updates;
  std::exception_ptr error;
  size_t num_left = 0;  // texts that are not done; of the scheduler's thread
  bool by_pieces = false;

  void push(TextUpdate update) {
    {
      const std::lock_guard lock(mutex);
      updates.push_back(std::move(update));
    }
    changed.notify_one();
  }
  void fail(std::exception_ptr why) {
    {
      const std::lock_guard lock(mutex);
      error = std::move(why);
    }
    changed.notify_one();
  }
};

namespace {

template <class T>
std::vector<T> rest(const std::vector<T>& all, size_t first) {
  return {all.begin() + static_cast<ptrdiff_t>(std::min(first, all.size())), all.end()};
}

// What `so_far` has behind its first `num_told` tokens; with 0 of them all of it.
Generation part_of(const Generation& so_far, size_t num_told, bool is_first) {
  Generation part{.tokens = rest(so_far.tokens, num_told),
                  .log_probs = rest(so_far.log_probs, num_told),
                  .likeliest = rest(so_far.likeliest, num_told),
                  .end = so_far.end,
                  .end_likeliest = so_far.end_likeliest,
                  .finish_reason = so_far.finish_reason,
                  .prompt_tokens = so_far.prompt_tokens};
  if (is_first) {
    part.prompt_log_probs = so_far.prompt_log_probs;
    part.prompt_likeliest = so_far.prompt_likeliest;
  }
  return part;
}

}  // namespace

Scheduler::Scheduler(const Model& model, size_t texts_at_once, size_t most_texts)
    : model_(model), most_texts_(most_texts), generator_(model, texts_at_once), thread_([this] { run(); }) {}

Scheduler::~Scheduler() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::unique_ptr<Scheduler::Job> Scheduler::submit(std::vector<GenerateRequest> requests, bool by_pieces) {
  for (const GenerateRequest& request : requests) check_request(model_, request);
  const size_t count = requests.size();
  if (count > most_texts_) {
    fail(ErrorKind::kBadInput, "{} texts in one request; this server has {} under way at most", count, most_texts_);
  }
  auto state = std::make_shared<State>();
  state->num_left = count;
  state->by_pieces = by_pieces;
  {
    const std::lock_guard lock(mutex_);
    if (refuses_) fail(ErrorKind::kInterrupted, "the server is stopping");
    if (counts_.under_way + count > most_texts_) {
      fail(ErrorKind::kUnavailable, "{} texts are under way, {} may be; try again soon", counts_.under_way,
           most_texts_);
    }
    counts_.under_way += count;
    submissions_.push_back({std::move(requests), state});
  }
  changed_.notify_one();
  return std::unique_ptr<Job>(new Job(*this, std::move(state), count));
}

void Scheduler::refuse_new() {
  const std::lock_guard lock(mutex_);
  refuses_ = true;
}

bool Scheduler::refuses() const {
  const std::lock_guard lock(mutex_);
  return refuses_;
}

void Scheduler::end_all() {
  {
    const std::lock_guard lock(mutex_);
    refuses_ = ends_jobs_ = true;
  }
  changed_.notify_one();
}

SchedulerCounts Scheduler::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Scheduler::run() {
  for (bool is_idle = true;;) {
    std::deque<Submission> submissions;
    std::vector<std::shared_ptr<State>> given_up;
    bool ends_jobs = false;
    {
      std::unique_lock lock(mutex_);
      const auto is_wanted = [&] { return stops_ || ends_jobs_ || !submissions_.empty() || !given_up_.empty(); };
      if (is_idle) changed_.wait(lock, is_wanted);
      if (stops_) return;
      submissions.swap(submissions_);
      given_up.swap(given_up_);
      ends_jobs = std::exchange(ends_jobs_, false);
    }
    try {
      for (Submission& submission : submissions) start(std::move(submission));
      for (const auto& state : given_up) forget(state);
      if (ends_jobs) fail(ErrorKind::kInterrupted, "the server is stopping");
      is_idle = !generator_.step();
    } catch (...) {
      fail_all(std::current_exception());
      is_idle = true;
    }
  }
}

void Scheduler::start(Submission submission) {
  const std::shared_ptr<State>& state = submission.state;
  std::vector<Generator::Id>& ids = ids_[state];
  for (size_t i = 0; i < submission.requests.size(); ++i) {
    GenerateRequest& request = submission.requests[i];
    auto told = std::make_shared<std::optional<size_t>>();  // tokens of the updates so far
    if (state->by_pieces) {
      request.on_text = [state, i, told](std::string_view piece, const Generation& so_far) {
        state->push({.text = i,
                     .piece = std::string(piece),
                     .part = part_of(so_far, told->value_or(0), /*is_first=*/!told->has_value())});
        *told = so_far.tokens.size();
      };
    }
    request.on_done = [this, state, i, told](const Generation& all) {
      if (--state->num_left == 0) ids_.erase(state);
      count_done(all);  // before the client can know
      state->push({.text = i,
                   .piece = told->has_value() ? "" : all.text,
                   .part = part_of(all, told->value_or(0), /*is_first=*/!told->has_value()),
                   .is_done = true});
    };
    ids.push_back(generator_.add(std::move(request)));
  }
}

void Scheduler::count_done(const Generation& text) {
  const std::lock_guard lock(mutex_);
  --counts_.under_way;
  ++counts_.texts;
  counts_.prompt_tokens += text.prompt_tokens;
  counts_.tokens += text.tokens.size();
}

void Scheduler::forget(const std::shared_ptr<State>& state) {
  const auto found = ids_.find(state);
  if (found == ids_.end()) return;
  for (const Generator::Id id : found->second) generator_.cancel(id);
  ids_.erase(found);
  const std::lock_guard lock(mutex_);
  counts_.under_way -= state->num_left;
  counts_.cancelled += state->num_left;
}

void Scheduler::fail_all(std::exception_ptr error) {
  generator_.cancel_all();
  const std::lock_guard lock(mutex_);
  for (const auto& [state, ids] : std::exchange(ids_, {})) {
    counts_.under_way -= state->num_left;
    counts_.cancelled += state->num_left;
    state->fail(error);
  }
}

Scheduler::Job::~Job() {
  if (is_done()) return;
  {
    const std::lock_guard lock(scheduler_.mutex_);
    scheduler_.given_up_.push_back(state_);
  }
  scheduler_.changed_.notify_one();
}

std::optional<TextUpdate> Scheduler::Job::next(std::chrono::milliseconds time) {
  if (is_done()) return std::nullopt;
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, time, [&] { return !state_->updates.empty() || state_->error != nullptr; });
  if (state_->updates.empty()) {
    if (state_->error != nullptr) std::rethrow_exception(state_->error);
    return std::nullopt;
  }
  TextUpdate update = std::move(state_->updates.front());
  state_->updates.pop_front();
  num_left_ -= update.is_done;
  return update;
}

}  // namespace manyshot::serve
