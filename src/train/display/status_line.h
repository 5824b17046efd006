// The line that tells how a run goes: redrawn on a terminal, else a plain line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace manyshot::train {

struct RunStatus {
  std::string stage;
  int64_t step = 0, total_steps = 0;
  double loss = 0, accuracy = 0;
  double tokens_per_second = 0, utilisation = 0;  // model FLOPs over the machine's matrix-product rate; 0: not known
  double seconds_left = 0;
};

class StatusLine {
 public:
  void show(const RunStatus& status);
  ~StatusLine();
  // "main 120/4,000 (3 %), loss 0.6412, right 61.2 %, 12,345 tokens/s, MFU 38 %, 1 h 2 min left"
  static std::string format(const RunStatus& status);

 private:
  std::chrono::steady_clock::time_point last_{};
};

// "12 s", "3 min 4 s", "1 h 2 min".
std::string duration_text(double seconds);

}  // namespace manyshot::train
