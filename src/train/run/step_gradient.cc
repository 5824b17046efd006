#include "train/run/step_gradient.h"

#include <array>
#include <cmath>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/stopwatch.h"
#include "core/text.h"

namespace manyshot::train {
namespace {

[[noreturn]] void fail_not_finite(const StageRecipe& stage, RunPlan::Place place, const std::string& what) {
  fail(ErrorKind::kBadInput,
       "stage \"{}\", step {}: {}; the checkpoints before it are good: lower learning_rate or clip, or look at these "
       "samples, and go on with --resume",
       stage.name, place.step + 1, what);
}

}  // namespace

StepGradient StepGradients::compute(const StageRecipe& stage, const RunPlan& plan, RunPlan::Place place, const Rng& rng,
                                    SampleBuffer& samples, WeightUpdates& updates) {
  StepGradient result;
  updates.zero_gradients();
  for (int batch = 0; batch < stage.accumulation; ++batch) {
    check_interrupted();
    const Stopwatch drawing;
    const std::vector<TrainSample> taken = samples.take(static_cast<size_t>(stage.batch));
    result.sample_seconds += drawing.seconds();
    const uint64_t number = plan.batch_number(static_cast<uint64_t>(batch));
    const uint64_t seed =
        rng.child("dropout", static_cast<uint64_t>(place.step)).child("batch", number).bits(place.stage);
    result.loss += add_batch(stage, place, number, seed, taken, updates);
  }
  sum_over_processes(result.loss, updates);
  if (!std::isfinite(result.loss.loss))
    fail_not_finite(stage, place, "the loss of another process is no finite number");
  if (result.loss.weight == 0) fail_not_finite(stage, place, "no sample has a supervised token");
  result.norm = updates.finish_gradients(1 / result.loss.weight, stage.clip);
  if (!std::isfinite(result.norm)) fail_not_finite(stage, place, "the gradient is no finite number");
  result.samples = plan.step_samples(place.stage);
  return result;
}

LossSum StepGradients::add_batch(const StageRecipe& stage, RunPlan::Place place, uint64_t batch_number, uint64_t seed,
                                 std::span<const TrainSample> batch, WeightUpdates& updates) {
  const LossSum sum = network_.accumulate(batch, 1.0f, seed);
  if (std::isfinite(sum.loss)) return sum;
  std::vector<std::string> bad;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!std::isfinite(network_.loss(batch.subspan(i, 1)).loss)) bad.push_back(std::to_string(batch[i].index));
  }
  if (processes_.world_size() > 1) {  // the others shall hear of it, not wait
    LossSum nothing{.loss = sum.loss};
    sum_over_processes(nothing, updates);
  }
  fail_not_finite(stage, place,
                  fmt::format("the loss of batch {} is {}, from {}", batch_number, sum.loss,
                              bad.empty() ? "no sample alone" : "samples " + list_names(bad)));
}

void StepGradients::sum_over_processes(LossSum& loss, WeightUpdates& updates) {
  if (processes_.world_size() == 1) return;
  // First, so that a process that has ended is noticed before a device waits for it.
  std::array<double, 5> sums = {loss.loss, loss.weight, static_cast<double>(loss.tokens),
                                static_cast<double>(loss.correct), loss.flops};
  processes_.all_reduce_sum(std::span<double>(sums));
  updates.sum_gradients({.rank = processes_.rank(),
                         .world_size = processes_.world_size(),
                         .sum = [&](std::span<float> gradients) { processes_.all_reduce_sum(gradients); }});
  loss = {.loss = sums[0],
          .weight = sums[1],
          .tokens = static_cast<uint64_t>(sums[2]),
          .correct = static_cast<uint64_t>(sums[3]),
          .flops = sums[4]};
}

}  // namespace manyshot::train
