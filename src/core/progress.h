// Progress of long work with an estimate of the time left. On a terminal: one line redrawn at most ten times a second.
// Progress inside another's work stands behind it on that line. Elsewhere: a plain line every ten seconds. Nothing is
// shown when the work ends within a second or logging is quiet.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace manyshot {

class Progress {
 public:
  // total 0: unknown (counts and rate only). `unit` is a plural noun: "rows", "tasks".
  Progress(std::string label, uint64_t total, std::string unit);
  ~Progress();  // leaves a last line if any was shown
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Safe from any thread.
  void add(uint64_t amount = 1);

  // "predict: 1,200/5,000 rows (24 %), 310 rows/s, 12 s left"; exposed for tests.
  static std::string format_line(const std::string& label, uint64_t done, uint64_t total, const std::string& unit,
                                 double elapsed_s);

 private:
  void show(bool last);
  std::string line_now() const;
  std::string label_;
  uint64_t total_;
  std::string unit_;
  std::atomic<uint64_t> done_{0};
  std::chrono::steady_clock::time_point start_;
  std::atomic<int64_t> next_show_ms_;
  std::mutex mutex_;
  bool shown_ = false;
};

}  // namespace manyshot
