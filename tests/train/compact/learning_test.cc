// A small network learns in context: from 3,080 tasks of the prior, in half a minute of one core, it predicts the
// queries of tasks it has never seen far better than the classes' frequencies do.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "core/parallel.h"
#include "corpus/sampler.h"
#include "train/compact/compact_model.h"
#include "train/optimizer/optimizer.h"
#include "train/optimizer/schedule.h"

namespace manyshot::train {
namespace {

constexpr size_t kTasksPerStep = 8;
constexpr int64_t kSteps = 385;
constexpr uint64_t kHeldOut = 1'000'000'000;  // index of the first held-out task

CorpusOptions easy_tasks() {
  CorpusOptions options;
  options.format = PromptStyle::kCompact;
  options.shots = IntRange{48, 48};
  options.queries = 16;
  options.prior.prior = "graph";
  options.prior.rows = IntRange{64, 64};
  options.prior.features = IntRange{2, 4};
  options.prior.classes = IntRange{2, 2};
  return options;
}

// Kept samples among the indices from `first` on; `first` moves behind the last.
std::vector<TrainSample> draw_tasks(const Sampler& sampler, uint64_t& first, size_t count) {
  static std::vector<SamplerScratch> scratch(static_cast<size_t>(num_threads()));
  std::vector<TrainSample> kept;
  while (kept.size() < count) {
    std::vector<Sample> drawn(count);
    parallel_for(
        count, [&](size_t i, int worker) { drawn[i] = sampler.draw(first + i, scratch[static_cast<size_t>(worker)]); });
    for (size_t i = 0; i < count && kept.size() < count; ++i, ++first) {
      if (drawn[i].status == SampleStatus::kKept) kept.push_back(make_train_sample(drawn[i]));
    }
  }
  return kept;
}

// Mean loss at the queries of a predictor that knows the class frequencies of the labelled rows.
double frequency_loss(const std::vector<TrainSample>& tasks) {
  double loss = 0, count = 0;
  for (const TrainSample& task : tasks) {
    std::vector<double> seen(10, 0.0);
    const auto label = [&](size_t row) {
      return static_cast<size_t>(task.tokens[(row + 1) * task.row_tokens() - 1] - 1000);
    };
    for (size_t row = 0; row < task.num_labelled; ++row) seen[label(row)] += 1;
    for (size_t row = task.num_labelled; row < task.num_rows(); ++row, ++count) {
      loss -= std::log(seen[label(row)] / task.num_labelled);
    }
  }
  return loss / count;
}

TEST(Learning, TheLossFallsFarBelowTheClassFrequencies) {
  const Sampler sampler(easy_tasks(), nullptr);
  uint64_t next_held_out = kHeldOut, next = 0;
  const std::vector<TrainSample> held_out = draw_tasks(sampler, next_held_out, 96);
  CompactNetworkOptions options;
  options.config = compact_config({.hidden_size = 64,
                                   .intermediate_size = 176,
                                   .num_attention_heads = 2,
                                   .num_key_value_heads = 2,
                                   .num_hidden_layers = 5,
                                   .row_layers = 2});
  const auto model = make_compact_model(options);
  options.loss = LossMode::kAnswer;
  const auto answers = make_compact_model(options);  // the same weights, judged at the queries alone
  const auto optimizer = make_optimizer(
      {.kind = OptimizerKind::kMuon, .learning_rate = 0.008, .vector_learning_rate = 0.01, .beta2 = 0.98},
      model->parameters());
  const Schedule schedule{.kind = ScheduleKind::kLinear, .steps = kSteps, .warmup_steps = 20, .final_fraction = 0.05};
  const auto held_out_loss = [&] {
    for (size_t i = 0; i < model->parameters().size(); ++i) {
      const std::span<float> from = model->parameters()[i].value;
      std::copy(from.begin(), from.end(), answers->parameters()[i].value.begin());
    }
    answers->parameters_changed();
    return answers->loss(held_out);
  };
  const double frequencies = frequency_loss(held_out);
  std::printf("class frequencies alone: %.3f nats\n", frequencies);
  for (int64_t step = 0; step < kSteps; ++step) {
    const std::vector<TrainSample> batch = draw_tasks(sampler, next, kTasksPerStep);
    double bars = 0;
    for (const TrainSample& task : batch) bars += static_cast<double>(task.num_rows());
    zero_gradients(model->parameters());
    model->accumulate(batch, static_cast<float>(1 / bars), static_cast<uint64_t>(step));
    clip_gradients(model->parameters(), 1.0);
    optimizer->step(schedule.factor(step));
    model->parameters_changed();
    if (step % 55 == 54) {
      const LossSum sum = held_out_loss();
      std::printf("%5lld tasks: %.3f nats, accuracy %.3f\n", static_cast<long long>((step + 1) * kTasksPerStep),
                  sum.mean(), static_cast<double>(sum.correct) / sum.weight);
    }
  }
  EXPECT_LT(held_out_loss().mean(), frequencies - 0.15);
}

}  // namespace
}  // namespace manyshot::train
