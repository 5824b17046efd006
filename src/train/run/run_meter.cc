#include "train/run/run_meter.h"

#include <algorithm>
#include <cmath>

#include "core/memory.h"

namespace manyshot::train {
namespace {

constexpr double kWeight = 0.05;  // of a step in the running means

double accuracy_of(const LossSum& loss) { return static_cast<double>(loss.correct) / loss.weight; }

// Moves a running mean of `count` values, the new one among them.
void follow(double& mean, double value, uint64_t count) {
  mean += std::max(kWeight, 1 / static_cast<double>(count)) * (value - mean);
}

}  // namespace

void RunMeter::recall(const std::vector<Json>& lines) {
  for (const Json& line : lines) {
    const auto loss = line.find("loss"), accuracy = line.find("accuracy");
    if (loss == line.end() || accuracy == line.end() || !loss->is_number() || !accuracy->is_number()) continue;
    follow_loss(*loss, *accuracy);
  }
}

void RunMeter::follow_loss(double loss, double accuracy) {
  ++loss_steps_;
  follow(mean_loss_, loss, loss_steps_);
  follow(mean_accuracy_, accuracy, loss_steps_);
}

double RunMeter::loss() const { return loss_steps_ > 0 ? mean_loss_ : std::nan(""); }

void RunMeter::add(const StepGradient& step, double seconds, TrainerState& state) {
  last_ = step;
  last_seconds_ = seconds;
  state.seconds += seconds;
  state.flops += step.loss.flops;
  state.tokens += step.loss.tokens;
  state.samples += step.samples;
  seconds_ += seconds;
  flops_ += step.loss.flops;
  tokens_ += static_cast<double>(step.loss.tokens);
  follow_loss(step.loss.mean(), accuracy_of(step.loss));
  ++steps_;
  follow(mean_seconds_, seconds, steps_);
  follow(mean_tokens_, static_cast<double>(step.loss.tokens), steps_);
}

Json RunMeter::metrics(const std::string& stage, double learning_rate, const TrainerState& state) const {
  const double flops_per_second = last_.loss.flops / last_seconds_;
  Json line = {{"step", state.step},
               {"stage", stage},
               {"loss", last_.loss.mean()},
               {"accuracy", accuracy_of(last_.loss)},
               {"learning_rate", learning_rate},
               {"gradient_norm", last_.norm},
               {"samples", state.samples},
               {"tokens", state.tokens},
               {"seconds", state.seconds},
               {"sample_seconds", last_.sample_seconds},
               {"tokens_per_second", static_cast<double>(last_.loss.tokens) / last_seconds_},
               {"gflops_per_second", flops_per_second * 1e-9},
               {"memory_bytes", memory_used_bytes()}};
  if (machine_rate_ > 0) line["utilisation"] = flops_per_second / machine_rate_;
  return line;
}

RunStatus RunMeter::status(const std::string& stage, int64_t step, int64_t total_steps) const {
  return {.stage = stage,
          .step = step,
          .total_steps = total_steps,
          .loss = mean_loss_,
          .accuracy = mean_accuracy_,
          .tokens_per_second = mean_tokens_ / mean_seconds_,
          .utilisation = utilisation(),
          .seconds_left = seconds_left(step, total_steps)};
}

double RunMeter::seconds_left(int64_t step, int64_t total_steps) const {
  const double by_steps = mean_seconds_ * static_cast<double>(total_steps - step);
  if (!forecast_.is_known() || steps_ == 0) return by_steps;
  const double expected = forecast_.tokens(step - static_cast<int64_t>(steps_), step);
  if (expected <= 0) return by_steps;
  return forecast_.tokens(step, total_steps) * (tokens_ / expected) * (mean_seconds_ / mean_tokens_);
}

double RunMeter::utilisation() const {
  return machine_rate_ > 0 && seconds_ > 0 ? flops_ / seconds_ / machine_rate_ : 0;
}

}  // namespace manyshot::train
