#include "train/plan/run_check.h"

#include <fmt/format.h>

#include <cmath>

#include "core/memory.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "train/data/sample_buffer.h"
#include "train/display/status_line.h"
#include "train/plan/stage_stream.h"
#include "train/plan/token_forecast.h"

namespace manyshot::train {
namespace {

constexpr uint64_t kTokenSamples = 64;  // drawn to know the mean length

// Times one batch, of samples from all over the stage (a single one is from its middle): drawing it and its gradient.
// Its length is a matter of luck, so that the tokens of the stage come from more samples.
void measure(const StageRecipe& stage, const SampleStream& stream, RunModel& model, StageCheck& check) {
  const auto batch = static_cast<size_t>(stage.batch);
  check.tokens_per_sample = mean_tokens(stream, 0, check.samples, kTokenSamples);
  const Stopwatch watch;
  SampleBuffer buffer(
      stream, [&](uint64_t i) { return (2 * i + 1) * check.samples / (2 * batch); }, 0, batch);
  const std::vector<TrainSample> samples = buffer.take(batch);
  const LossSum sum = model.network().accumulate(samples, 1.0f, 0);
  const double seconds = watch.seconds();
  check.first_loss = sum.mean();
  check.tokens_per_second = static_cast<double>(sum.tokens) / seconds;
}

// What GPUs would take for the stage.
void answer(const GpuQuestion& gpus, const RunModel& model, const SampleStream& stream, StageCheck& check) {
  const auto flops = [&](const TrainSample& sample) { return model.training_flops(sample); };
  check.flops = static_cast<double>(check.samples) * mean_of_samples(stream, 0, check.samples, kTokenSamples, flops);
  check.gpu_seconds = check.flops / (gpus.rate * gpus.count);
  check.gpu_bytes = model.gpu_bytes(check.memory.batch) + check.memory.optimizer_bytes;
}

StageCheck plan_stage(const Recipe& recipe, const RunPlan& plan, size_t number, const GpuQuestion& gpus,
                      RunModel& model) {
  const StageRecipe& stage = recipe.stages[number];
  const auto stream = open_stream(stage, stream_context(recipe, plan, number, model));
  StageCheck check{.memory = stage_memory(model, stage, *stream, plan.world_size()),
                   .data = stream->description(),
                   .steps = plan.stage_steps(number)};
  check.samples = static_cast<uint64_t>(check.steps) * plan.step_samples(number);
  if (gpus.count > 0 && model.tokenizer() != nullptr) answer(gpus, model, *stream, check);
  check.fits = fits_memory(check.memory);
  if (!check.fits) check.ways_to_fit = ways_to_fit(model, stage, check.memory);
  return check;
}

}  // namespace

RunCheck plan_run(const Recipe& recipe, RunModel& model, int world_size, const GpuQuestion& gpus) {
  const RunPlan plan(recipe, 0, world_size);
  RunCheck check{.recipe = to_json(recipe),
                 .model = model.description(),
                 .world_size = world_size,
                 .memory_limit = memory_limit_bytes(),
                 .gpus = gpus};
  for (size_t stage = 0; stage < recipe.stages.size(); ++stage) {
    check.stages.push_back(plan_stage(recipe, plan, stage, gpus, model));
  }
  return check;
}

void measure_run(const Recipe& recipe, RunModel& model, RunCheck& check) {
  const RunPlan plan(recipe, 0, check.world_size);
  for (size_t number = 0; number < recipe.stages.size(); ++number) {
    StageCheck& stage = check.stages[number];
    if (!stage.fits) continue;
    const auto stream = open_stream(recipe.stages[number], stream_context(recipe, plan, number, model));
    measure(recipe.stages[number], *stream, model, stage);
    stage.seconds = stage.tokens_per_sample * static_cast<double>(stage.samples) /
                    (stage.tokens_per_second * static_cast<double>(check.world_size));
  }
}

std::string check_text(const RunCheck& check) {
  std::string text =
      fmt::format("model    {}\nmemory   this process may use {}\n", check.model, format_bytes(check.memory_limit));
  for (const StageCheck& stage : check.stages) {
    text += fmt::format("\nstage    {}: {} steps, {} samples\ndata     {}\nmemory   about {} ({} for the optimiser)\n",
                        stage.memory.stage, with_thousands(stage.steps),
                        with_thousands(static_cast<long long>(stage.samples)), stage.data,
                        format_bytes(stage.memory.total()), format_bytes(stage.memory.optimizer_bytes));
    if (stage.memory.device_bytes > 0) {
      text += fmt::format("device   at least {} of its memory\n", format_bytes(stage.memory.device_bytes));
    }
    if (stage.flops > 0) {
      text += fmt::format("gpus     {} of {:.0f} TFLOP/s: about {} ({} PFLOP), at least {} of the memory of each\n",
                          check.gpus.count, check.gpus.rate / 1e12, duration_text(stage.gpu_seconds),
                          with_thousands(std::llround(stage.flops / 1e15)), format_bytes(stage.gpu_bytes));
    }
    if (!stage.fits) {
      text += "         does not fit; ways to fit:\n";
      for (const std::string& way : stage.ways_to_fit) text += "           " + way + "\n";
      continue;
    }
    if (stage.tokens_per_second == 0) continue;  // not measured
    const double tokens = stage.tokens_per_sample * static_cast<double>(stage.samples);
    text += fmt::format(
        "tokens   about {} a sample, {} in all\ntime     about {} ({} tokens/s, from one batch)\n"
        "loss     {:.4f} before training\n",
        with_thousands(std::llround(stage.tokens_per_sample)), with_thousands(std::llround(tokens)),
        duration_text(stage.seconds), with_thousands(std::llround(stage.tokens_per_second)), stage.first_loss);
  }
  return text;
}

Json to_json(const RunCheck& check) {
  Json stages = Json::array();
  for (const StageCheck& stage : check.stages) {
    stages.push_back({{"stage", stage.memory.stage},
                      {"data", stage.data},
                      {"steps", stage.steps},
                      {"samples", stage.samples},
                      {"memory_bytes", stage.memory.total()},
                      {"device_bytes", stage.memory.device_bytes},
                      {"fits", stage.fits},
                      {"ways_to_fit", stage.ways_to_fit},
                      {"first_loss", stage.first_loss},
                      {"tokens_per_sample", stage.tokens_per_sample},
                      {"tokens_per_second", stage.tokens_per_second},
                      {"seconds", stage.seconds}});
    if (stage.flops == 0) continue;
    stages.back().update({{"flops", stage.flops}, {"gpu_seconds", stage.gpu_seconds}, {"gpu_bytes", stage.gpu_bytes}});
  }
  return {{"model", check.model},
          {"processes", check.world_size},
          {"memory_limit_bytes", check.memory_limit},
          {"stages", stages},
          {"recipe", check.recipe}};
}

}  // namespace manyshot::train
