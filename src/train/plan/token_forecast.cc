#include "train/plan/token_forecast.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "train/growth.h"

namespace manyshot::train {
namespace {

constexpr uint64_t kSamples = 32;  // drawn for each phase: a log-uniform 8:1024 is known to about 15 % then

std::vector<double> phase_begins(const StageRecipe& stage) {
  if (!draws_tasks(stage.data)) return {0};
  std::vector<double> begins;
  for (const GrowthPhase& phase : growth_phases(stage)) begins.push_back(phase.begin);
  return begins;
}

}  // namespace

StageRecipe without_judgement(StageRecipe stage) {
  // An entry of `grow` may set these too; they hold for the phases that it does not name them for.
  stage.corpus.filter_tasks = false;
  if (stage.corpus.stage == CorpusStage::kWarmup) {
    stage.corpus.stage = CorpusStage::kMain;
    stage.corpus.queries = stage.corpus.filter.consensus_queries;
  }
  return stage;
}

double mean_of_samples(const SampleStream& stream, uint64_t first, uint64_t end, uint64_t count,
                       const std::function<double(const TrainSample&)>& value) {
  count = std::clamp<uint64_t>(count, 1, end - first);
  std::vector<double> values(count);
  std::vector<StreamScratch> scratch(static_cast<size_t>(num_threads()));
  parallel_for(count, [&](size_t i, int worker) {
    const uint64_t position = first + (2 * i + 1) * (end - first) / (2 * count);  // in the middle of its part
    values[i] = value(stream.sample(position, scratch[static_cast<size_t>(worker)]));
  });
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(count);
}

double mean_tokens(const SampleStream& stream, uint64_t first, uint64_t end, uint64_t count) {
  return mean_of_samples(stream, first, end, count,
                         [](const TrainSample& sample) { return static_cast<double>(sample.tokens.size()); });
}

void TokenForecast::add_stage(const StageRecipe& stage, const RunPlan& plan, size_t number,
                              const SampleStream& stream) {
  const std::vector<double> begins = phase_begins(stage);
  const int64_t steps = plan.stage_steps(number), stage_begin = plan.first_step(number);
  const auto step_of = [steps](double share) {
    return std::min(steps, static_cast<int64_t>(std::ceil(share * static_cast<double>(steps))));
  };
  for (size_t phase = 0; phase < begins.size(); ++phase) {
    const int64_t first = step_of(begins[phase]), end = phase + 1 < begins.size() ? step_of(begins[phase + 1]) : steps;
    if (first == end) continue;
    const uint64_t samples = plan.step_samples(number);
    try {
      const double mean =
          mean_tokens(stream, static_cast<uint64_t>(first) * samples, static_cast<uint64_t>(end) * samples, kSamples);
      parts_.push_back({stage_begin + first, stage_begin + end, mean * static_cast<double>(samples)});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadInput) throw;
      is_known_ = false;
    }
  }
}

double TokenForecast::tokens(int64_t first, int64_t end) const {
  double sum = 0;
  for (const Part& part : parts_) {
    const int64_t steps = std::min(end, part.end) - std::max(first, part.first);
    sum += static_cast<double>(std::max<int64_t>(steps, 0)) * part.step_tokens;
  }
  return sum;
}

}  // namespace manyshot::train
