#include "train/run/held_out.h"

#include <array>

#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "train/data/live_stream.h"
#include "train/growth.h"

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

}  // namespace

HeldOutTasks::HeldOutTasks(const Recipe& recipe, RunModel& model) {
  if (recipe.evaluate.tasks == 0) return;
  for (const int shots : recipe.evaluate.shots) {
    const StreamContext context{.tokenizer = model.tokenizer(),
                                .compact = model.compact_config(),
                                .vocab_size = model.vocab_size(),
                                .seed = Rng(recipe.seed).child("held_out", static_cast<uint64_t>(shots)).bits(0),
                                .num_positions = static_cast<uint64_t>(recipe.evaluate.tasks)};
    std::vector<TrainSample> samples(static_cast<size_t>(recipe.evaluate.tasks));
    try {
      const LiveStream stream(stage_at(recipe, shots), context);
      std::vector<StreamScratch> scratch(static_cast<size_t>(num_threads()));
      parallel_for(samples.size(),
                   [&](size_t i, int worker) { samples[i] = stream.sample(i, scratch[static_cast<size_t>(worker)]); });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadInput) throw;
      log::warning("no evaluation at {} shots: {}", shots, error.what());
      continue;
    }
    samples_[shots] = std::move(samples);
  }
}

Json HeldOutTasks::evaluate(RunModel& model, Collective& processes) const {
  Json result = Json::object();
  if (samples_.empty()) return result;
  const auto rank = static_cast<size_t>(processes.rank()), world_size = static_cast<size_t>(processes.world_size());
  double loss = 0, accuracy = 0;
  for (const auto& [shots, samples] : samples_) {
    LossSum sum;
    for (size_t batch = rank; batch * kBatch < samples.size(); batch += world_size) {
      const size_t first = batch * kBatch;
      sum += model.label_loss(std::span(samples).subspan(first, std::min(kBatch, samples.size() - first)));
    }
    std::array<double, 3> sums = {sum.loss, sum.weight, static_cast<double>(sum.correct)};
    processes.all_reduce_sum(std::span<double>(sums));
    const double shots_loss = sums[0] / sums[1], shots_accuracy = sums[2] / sums[1];
    result[fmt::format("eval_loss_{}", shots)] = shots_loss;
    result[fmt::format("eval_accuracy_{}", shots)] = shots_accuracy;
    loss += shots_loss;
    accuracy += shots_accuracy;
  }
  result["eval_loss"] = loss / static_cast<double>(samples_.size());
  result["eval_accuracy"] = accuracy / static_cast<double>(samples_.size());
  return result;
}

}  // namespace manyshot::train
