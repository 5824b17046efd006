#include "serve/job_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "core/error.h"
#include "core/interrupt.h"
#include "support/error.h"

namespace manyshot::serve {
namespace {

constexpr auto kLong = std::chrono::seconds(60);
bool is_there() { return false; }

// Waits for the gate, then counts; fails where a name among those done together is "bad".
struct Work final : Job {
  Work(std::string text, std::shared_future<void> open) : name(std::move(text)), gate(std::move(open)) {}
  void run(std::span<const std::shared_ptr<Job>> others) override {
    gate.wait();
    std::vector<Work*> all{this};
    for (const auto& other : others) all.push_back(static_cast<Work*>(other.get()));
    for (const Work* work : all) {
      if (work->name == "bad") fail(ErrorKind::kBadInput, "{} together", all.size());
    }
    for (Work* work : all) work->together = all.size();
  }
  bool goes_with(const Job&) const override { return joins; }

  std::string name;
  std::shared_future<void> gate;
  bool joins = true;
  size_t together = 0;
};

struct Queue {
  // Starts waiting for a job in a thread of its own, which is returned.
  std::future<void> start(const std::shared_ptr<Work>& work, std::chrono::seconds timeout = kLong) {
    const size_t before = queue.num_waiting();
    auto waiting = std::async(std::launch::async, [this, work, timeout] { queue.run(work, timeout, is_there); });
    while (queue.num_waiting() == before) std::this_thread::yield();
    return waiting;
  }
  std::shared_ptr<Work> work(const std::string& name) const { return std::make_shared<Work>(name, open); }

  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future().share();
  JobQueue queue{"jobs", 4};
};

TEST(JobQueue, WhatWaitsTogetherIsDoneTogether) {
  Queue all;
  const auto first = all.work("first"), second = all.work("second"), third = all.work("third"), lone = all.work("lone");
  lone->joins = false;
  std::vector<std::future<void>> waiting;
  for (const auto& work : {first, second, lone, third}) {
    waiting.push_back(all.start(work));
    if (work == first) std::this_thread::sleep_for(std::chrono::milliseconds(50));  // it is begun alone
  }
  all.gate.set_value();
  for (auto& each : waiting) each.get();
  EXPECT_EQ(first->together, 1u);
  EXPECT_EQ(second->together, 2u);
  EXPECT_EQ(third->together, 2u);
  EXPECT_EQ(lone->together, 1u);
  EXPECT_EQ(all.queue.num_waiting(), 0u);
}

TEST(JobQueue, AFailureIsOfItsOwnJobAlone) {
  Queue all;
  const auto first = all.work("first"), good = all.work("good"), bad = all.work("bad");
  auto of_first = all.start(first);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  auto of_good = all.start(good), of_bad = all.start(bad);
  all.gate.set_value();
  of_first.get();
  of_good.get();
  EXPECT_EQ(good->together, 1u);
  EXPECT_ERROR(of_bad.get(), ErrorKind::kBadInput, "1 together");
}

TEST(JobQueue, RefusesWhatComesTooMuchOrTooLate) {
  Queue all;
  const auto slow = all.work("slow");
  auto of_slow = all.start(slow);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto late = all.work("late");
  EXPECT_ERROR(all.queue.run(late, std::chrono::seconds(0), is_there), ErrorKind::kInterrupted, "longer than 0 s");
  EXPECT_TRUE(late->is_given_up());
  EXPECT_EQ(late->together, 0u);
  EXPECT_ERROR(all.queue.run(all.work("gone"), kLong, [] { return true; }), ErrorKind::kInterrupted, "client has gone");
  std::vector<std::future<void>> waiting;
  for (int i = 0; i < 4; ++i) waiting.push_back(all.start(all.work("more")));
  EXPECT_ERROR(all.queue.run(all.work("one too many"), kLong, is_there), ErrorKind::kUnavailable,
               "4 jobs are waiting, 4 may");
  all.queue.refuse_new();
  EXPECT_ERROR(all.queue.run(all.work("new"), kLong, is_there), ErrorKind::kInterrupted, "stopping");
  all.queue.end_all();
  for (auto& each : waiting) EXPECT_ERROR(each.get(), ErrorKind::kInterrupted, "stopping");
  EXPECT_ERROR(of_slow.get(), ErrorKind::kInterrupted, "stopping");
  EXPECT_TRUE(slow->is_given_up());
  all.gate.set_value();
}

// Never ends by itself.
struct Endless final : Job {
  void run(std::span<const std::shared_ptr<Job>>) override {
    has_begun = true;
    try {
      for (;;) check_interrupted();
    } catch (const Error&) {
      ++num_stops;
      throw;
    }
  }
  bool goes_with(const Job&) const override { return true; }

  std::atomic<bool> has_begun = false;
  std::atomic<int> num_stops = 0;
};

TEST(JobQueue, WhatNobodyWaitsForIsBrokenOff) {
  Queue all;
  const auto first = std::make_shared<Endless>(), second = std::make_shared<Endless>();
  std::atomic<bool> is_first_gone = false, is_second_gone = false;
  auto of_work = all.start(all.work("before them"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  auto of_first = std::async(std::launch::async, [&] { all.queue.run(first, kLong, [&] { return +is_first_gone; }); });
  while (all.queue.num_waiting() < 2) std::this_thread::yield();
  auto of_second =
      std::async(std::launch::async, [&] { all.queue.run(second, kLong, [&] { return +is_second_gone; }); });
  while (all.queue.num_waiting() < 3) std::this_thread::yield();
  all.gate.set_value();
  of_work.get();
  while (!first->has_begun) std::this_thread::yield();
  is_first_gone = true;
  EXPECT_ERROR(of_first.get(), ErrorKind::kInterrupted, "client has gone");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(first->num_stops, 0) << "it works for the second, too";
  is_second_gone = true;
  EXPECT_ERROR(of_second.get(), ErrorKind::kInterrupted, "client has gone");
  const auto next = all.work("next");
  all.queue.run(next, kLong, is_there);
  EXPECT_EQ(next->together, 1u) << "what comes later is not stopped";
  EXPECT_EQ(first->num_stops, 1);
}

TEST(JobQueue, ManyThreadsLoseNothing) {
  Queue all;
  all.gate.set_value();
  JobQueue wide("jobs", 1000);
  std::atomic<size_t> num_done = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 16; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          const auto work = all.work("many");
          wide.run(work, kLong, is_there);
          num_done += work->together > 0;
        }
      });
    }
  }
  EXPECT_EQ(num_done, 16u * 200u);
}

}  // namespace
}  // namespace manyshot::serve
