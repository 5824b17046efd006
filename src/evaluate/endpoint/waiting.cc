#include "evaluate/endpoint/waiting.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <string>
#include <thread>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr Seconds kFirstWait{1}, kLongestWait{60};
constexpr std::chrono::milliseconds kNap{50};

SteadyClock::duration steady(Seconds seconds) { return std::chrono::duration_cast<SteadyClock::duration>(seconds); }

}  // namespace

void wait_until(SteadyClock::time_point time, std::stop_token stop) {
  for (;;) {
    check_interrupted();
    if (stop.stop_requested()) fail(ErrorKind::kInterrupted, "a request was given up");
    const auto left = time - SteadyClock::now();
    if (left <= left.zero()) return;
    std::this_thread::sleep_for(std::min<SteadyClock::duration>(left, kNap));
  }
}

Seconds backoff(int retry, const Rng& rng) {
  const Seconds wait = std::min(kFirstWait * std::exp2(retry - 1), kLongestWait);
  return wait * rng.uniform(static_cast<uint64_t>(retry), 0.5, 1);
}

std::optional<Seconds> parse_retry_after(std::string_view value, std::chrono::system_clock::time_point now) {
  if (const auto seconds = parse_exact<double>(value); seconds && *seconds >= 0) return Seconds(*seconds);
  tm date{};  // "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7); the program's locale is "C"
  const std::string text(value);
  const char* rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return std::max(Seconds(std::chrono::system_clock::from_time_t(timegm(&date)) - now), Seconds(0));
}

RateLimiter::RateLimiter(double requests_per_minute, double tokens_per_minute) {
  if (requests_per_minute > 0) per_request_ = Seconds(60 / requests_per_minute);
  if (tokens_per_minute > 0) per_token_ = Seconds(60 / tokens_per_minute);
}

SteadyClock::time_point RateLimiter::reserve(double tokens, SteadyClock::time_point now) {
  const std::lock_guard lock(mutex_);
  const SteadyClock::time_point start = std::max({now, next_request_, next_token_, pause_});
  next_request_ = start + steady(per_request_);
  next_token_ = start + steady(per_token_ * tokens);
  return start;
}

void RateLimiter::correct(double reserved_tokens, double tokens) {
  const std::lock_guard lock(mutex_);
  next_token_ += steady(per_token_ * (tokens - reserved_tokens));
}

void RateLimiter::pause_until(SteadyClock::time_point time) {
  const std::lock_guard lock(mutex_);
  pause_ = std::max(pause_, time);
}

}  // namespace manyshot
