// Waits: pure functions of what is known, and few that really wait.
#include "evaluate/endpoint/waiting.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "core/error.h"
#include "evaluate/endpoint/concurrent_requests.h"
#include "support/error.h"

namespace manyshot {
namespace {

using namespace std::chrono_literals;

TEST(Waiting, BackoffDoublesUpToAMinute) {
  const Rng rng(3);
  for (int retry = 1; retry < 20; ++retry) {
    const double whole = std::min(60.0, static_cast<double>(1 << (retry - 1)));
    EXPECT_GE(backoff(retry, rng).count(), whole / 2);
    EXPECT_LE(backoff(retry, rng).count(), whole);
  }
  EXPECT_EQ(backoff(3, rng), backoff(3, rng));
  EXPECT_NE(backoff(3, rng), backoff(3, Rng(4)));
}

TEST(Waiting, RetryAfterInSecondsOrAsADate) {
  const auto now = std::chrono::system_clock::from_time_t(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(parse_retry_after("7", now), Seconds(7));
  EXPECT_EQ(parse_retry_after("0.25", now), Seconds(0.25));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), Seconds(30));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Seconds(0)) << "past";
  for (const char* text : {"", "soon", "-1", "7 s"}) EXPECT_FALSE(parse_retry_after(text, now)) << text;
}

TEST(RateLimiter, SpreadsRequestsAndTokens) {
  const SteadyClock::time_point now{};
  RateLimiter requests(/*requests_per_minute=*/60, 0);
  EXPECT_EQ(requests.reserve(1e9, now), now);
  EXPECT_EQ(requests.reserve(1e9, now), now + 1s);
  EXPECT_EQ(requests.reserve(1e9, now + 10s), now + 10s);

  RateLimiter tokens(0, /*tokens_per_minute=*/6000);
  EXPECT_EQ(tokens.reserve(200, now), now);
  tokens.correct(200, 500);
  EXPECT_EQ(tokens.reserve(100, now), now + 5s);

  RateLimiter none(0, 0);
  EXPECT_EQ(none.reserve(1e9, now), now);
  EXPECT_EQ(none.reserve(1e9, now), now);
  none.pause_until(now + 3s);
  EXPECT_EQ(none.reserve(1, now), now + 3s);
}

TEST(ConcurrentRequests, RunsEveryTaskOnceAndStopsAfterAnError) {
  std::atomic<int> sum = 0, most = 0, running = 0;
  run_concurrently(100, 5, [&](size_t i, std::stop_token) {
    for (int now = ++running, seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    sum += static_cast<int>(i);
    --running;
  });
  EXPECT_EQ(sum, 4950);
  EXPECT_LE(most, 5);

  std::atomic<size_t> begun = 0;
  const auto work = [&](size_t i, std::stop_token stop) {
    ++begun;
    if (i == 4) throw Error(ErrorKind::kBadInput, "the first");
    if (i > 4) wait_until(SteadyClock::now() + 20s, stop);
  };
  EXPECT_ERROR(run_concurrently(1000, 3, work), ErrorKind::kBadInput, "the first");
  EXPECT_LE(begun, 8u);
}

}  // namespace
}  // namespace manyshot
