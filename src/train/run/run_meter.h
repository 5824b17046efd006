// How fast a run goes and how its loss stands: running means for people, exact numbers for files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "train/display/status_line.h"
#include "train/plan/token_forecast.h"
#include "train/record/checkpoint.h"
#include "train/run/step_gradient.h"

namespace manyshot::train {

class RunMeter {
 public:
  // `machine_rate`: floating-point operations a second of all processes' matrix products; 0: not known.
  explicit RunMeter(double machine_rate) : machine_rate_(machine_rate) {}

  // Later steps may be longer than those so far: the time left is then that of their tokens, at the present speed. The
  // forecast is scaled by what this run's steps had in truth. Without one, steps to come take as long as now.
  void set_forecast(TokenForecast forecast) { forecast_ = std::move(forecast); }

  // Takes up the running means where the steps before this run left them: `lines` are those of metrics.jsonl.
  void recall(const std::vector<Json>& lines);

  // Counts one step, in `state` too.
  void add(const StepGradient& step, double seconds, TrainerState& state);

  // The last step as a line of metrics.jsonl.
  Json metrics(const std::string& stage, double learning_rate, const TrainerState& state) const;
  RunStatus status(const std::string& stage, int64_t step, int64_t total_steps) const;
  double loss() const;         // running mean; NaN: no step is known
  double utilisation() const;  // 0: not known

 private:
  double seconds_left(int64_t step, int64_t total_steps) const;
  void follow_loss(double loss, double accuracy);

  double machine_rate_;
  TokenForecast forecast_;
  uint64_t steps_ = 0;       // of this run
  uint64_t loss_steps_ = 0;  // and those before it that are known
  double seconds_ = 0, flops_ = 0, tokens_ = 0;
  StepGradient last_;
  double last_seconds_ = 0;
  double mean_loss_ = 0, mean_accuracy_ = 0, mean_seconds_ = 0, mean_tokens_ = 0;
};

}  // namespace manyshot::train
