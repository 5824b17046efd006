// How long to wait for an endpoint, and waiting that Ctrl-C ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>

#include "core/rng.h"

namespace manyshot {

using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// Returns at `time`, or throws Error(kInterrupted) after Ctrl-C and when `stop` is requested.
void wait_until(SteadyClock::time_point time, std::stop_token stop);

// The wait before the retry-th (from 1) repetition: 1 s, doubled each time up to 60 s, times a random 0.5 to 1, so that
// clients which failed together do not come back together.
Seconds backoff(int retry, const Rng& rng);

// Seconds from `now` that a Retry-After header asks for, by a number or an HTTP date; nothing for one that is neither.
std::optional<Seconds> parse_retry_after(std::string_view value, std::chrono::system_clock::time_point now);

// Spreads requests and tokens evenly over the minute. Safe from several threads.
class RateLimiter {
 public:
  // 0: no limit.
  RateLimiter(double requests_per_minute, double tokens_per_minute);

  // The time at which the next request, of about so many tokens, may be sent. Takes that place.
  SteadyClock::time_point reserve(double tokens, SteadyClock::time_point now);
  // To be called when a request took more or fewer tokens than it had reserved.
  void correct(double reserved_tokens, double tokens);
  // Lets nothing be sent before `time`.
  void pause_until(SteadyClock::time_point time);

 private:
  Seconds per_request_{0}, per_token_{0};
  std::mutex mutex_;
  SteadyClock::time_point next_request_{}, next_token_{}, pause_{};
};

}  // namespace manyshot
