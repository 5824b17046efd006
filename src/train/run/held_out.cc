#include "train/run/held_out.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "train/data/live_stream.h"
#include "train/growth.h"
#include "train/plan/stage_stream.h"

namespace manyshot::train {
namespace {

constexpr size_t kBatch = 4;
constexpr int64_t kLeastRows = 64;  // of a task that the rows are taken from: room for every class

// The last stage's tasks as they are at its end, with exactly `shots` labelled rows.
StageRecipe stage_at(const Recipe& recipe, int shots) {
  StageRecipe stage = recipe.stages.back();
  stage.corpus = growth_phases(stage).back().corpus;
  set_option(options_of(stage.corpus), "shots", std::to_string(shots));
  const int64_t rows = std::max(kLeastRows, stage.corpus.shots.high + stage.corpus.queries);
  stage.corpus.prior.rows = IntRange{rows, rows};
  stage.corpus.stage = CorpusStage::kMain;
  stage.grow.clear();
  stage.data = StageData::kLive;
  stage.loss = LossMode::kLabels;
  return stage;
}

struct MeanLoss {
  double loss = 0, accuracy = 0;
};
// Over all supervised positions of all samples; each process does its share of the batches.
template <class Loss>
MeanLoss mean_loss(std::span<const TrainSample> samples, size_t batch_size, Collective& processes,
                   const Loss& loss_of) {
  const auto rank = static_cast<size_t>(processes.rank()), world_size = static_cast<size_t>(processes.world_size());
  LossSum sum;
  for (size_t batch = rank; batch * batch_size < samples.size(); batch += world_size) {
    const size_t first = batch * batch_size;
    sum += loss_of(samples.subspan(first, std::min(batch_size, samples.size() - first)));
  }
  std::array<double, 3> sums = {sum.loss, sum.weight, static_cast<double>(sum.correct)};
  processes.all_reduce_sum(std::span<double>(sums));
  return {.loss = sums[0] / sums[1], .accuracy = sums[2] / sums[1]};
}

// The stream's first samples, `count` of them.
std::vector<TrainSample> draw_all(const SampleStream& stream, size_t count) {
  std::vector<TrainSample> samples(count);
  std::vector<StreamScratch> scratch(static_cast<size_t>(num_threads()));
  parallel_for(count,
               [&](size_t i, int worker) { samples[i] = stream.sample(i, scratch[static_cast<size_t>(worker)]); });
  return samples;
}

}  // namespace

HeldOutTasks::HeldOutTasks(const Recipe& recipe, RunModel& model) {
  if (recipe.evaluate.tasks == 0) return;
  for (const int shots : recipe.evaluate.shots) {
    const StreamContext context{.tokenizer = model.tokenizer(),
                                .compact = model.compact_config(),
                                .vocab_size = model.vocab_size(),
                                .seed = Rng(recipe.seed).child("held_out", static_cast<uint64_t>(shots)).bits(0),
                                .num_positions = static_cast<uint64_t>(recipe.evaluate.tasks)};
    try {
      samples_[shots] = draw_all(LiveStream(stage_at(recipe, shots), context), context.num_positions);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadInput) throw;
      log::warning("no evaluation at {} shots: {}", shots, error.what());
    }
  }
}

Json HeldOutTasks::evaluate(RunModel& model, Collective& processes) const {
  Json result = Json::object();
  if (samples_.empty()) return result;
  double loss = 0, accuracy = 0;
  for (const auto& [shots, samples] : samples_) {
    const MeanLoss mean = mean_loss(samples, kBatch, processes, [&](auto batch) { return model.label_loss(batch); });
    result[fmt::format("eval_loss_{}", shots)] = mean.loss;
    result[fmt::format("eval_accuracy_{}", shots)] = mean.accuracy;
    loss += mean.loss;
    accuracy += mean.accuracy;
  }
  result["eval_loss"] = loss / static_cast<double>(samples_.size());
  result["eval_accuracy"] = accuracy / static_cast<double>(samples_.size());
  return result;
}

ValidationSamples::ValidationSamples(const Recipe& recipe, RunModel& model) {
  const std::optional<size_t> number = recipe.validation_stage();
  if (!number) return;
  StageRecipe stage = recipe.stages[*number];
  if (draws_tasks(stage.data)) {
    stage.corpus = growth_phases(stage).back().corpus;
    stage.grow.clear();
  }
  const auto stream = open_stream(stage, stream_context(recipe, *number, model, DataPart::kValidation));
  batch_ = std::min(kBatch, static_cast<size_t>(stage.batch));
  samples_ = draw_all(*stream, stream->num_samples().value_or(static_cast<uint64_t>(recipe.evaluate.tasks)));
  // A sample that is too long gave its place to another one, which is there already.
  std::set<uint64_t> seen;
  std::erase_if(samples_, [&](const TrainSample& sample) { return !seen.insert(sample.index).second; });
}

Json ValidationSamples::evaluate(RunModel& model, Collective& processes) const {
  if (samples_.empty()) return Json::object();
  const MeanLoss mean = mean_loss(samples_, batch_, processes, [&](auto batch) { return model.network().loss(batch); });
  return {{"validation_loss", mean.loss}, {"validation_accuracy", mean.accuracy}};
}

}  // namespace manyshot::train
