#include "train/run/memory_plan.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr uint64_t kOtherBytes = uint64_t{128} << 20;  // program, samples drawn ahead, prior and forest

uint64_t needed_bytes(const StageMemory& memory) { return memory.total() + kOtherBytes; }

// f32 numbers that an optimiser keeps for each trained one.
double moments_per_value(const StageRecipe& stage) {
  const double moments = stage.optimizer == "muon" ? 1 : 2;  // muon: of the matrices, which are nearly all
  return moments + (stage.ema > 0 ? 1 : 0);
}

}  // namespace

StageMemory stage_memory(RunModel& model, const StageRecipe& stage, const SampleStream& stream, int world_size) {
  StageMemory memory{.stage = stage.name, .batch = stream.largest_sample()};
  memory.batch.num_samples = static_cast<size_t>(stage.batch);
  uint64_t values = 0;
  for (const Parameter& parameter : model.network().parameters()) values += parameter.value.size();
  memory.network_bytes = model.network().peak_bytes(memory.batch);
  const double per_value = moments_per_value(stage) + (world_size > 1 ? 1 : 0);
  memory.optimizer_bytes = static_cast<uint64_t>(per_value * 4 * static_cast<double>(values));
  return memory;
}

bool fits_memory(const StageMemory& memory) { return needed_bytes(memory) <= memory_limit_bytes(); }

std::vector<std::string> ways_to_fit(RunModel& model, const StageRecipe& stage, const StageMemory& memory) {
  std::vector<std::tuple<uint64_t, std::string>> ways;
  const auto consider = [&](BatchShape shape, const std::string& change) {
    const uint64_t bytes = model.network().peak_bytes(shape) + memory.optimizer_bytes;
    if (bytes < memory.total()) ways.emplace_back(bytes, fmt::format("{}: {}", change, format_bytes(bytes)));
  };
  if (stage.batch > 1) {
    BatchShape one = memory.batch;
    one.num_samples = 1;
    consider(one, fmt::format("batch = 1 and accumulation = {}", stage.accumulation * stage.batch));
  }
  BatchShape shorter = memory.batch;
  shorter.sample_tokens /= 2;
  shorter.sample_rows /= 2;
  const bool is_compact = model.compact_config() != nullptr;
  consider(shorter, is_compact ? fmt::format("corpus.shots up to {}", memory.batch.sample_rows / 2)
                               : fmt::format("max_tokens = {}", memory.batch.sample_tokens / 2));
  BatchShape both = shorter;
  both.num_samples = 1;
  if (stage.batch > 1) consider(both, "both");
  if (is_compact) {
    BatchShape narrower = memory.batch;
    narrower.num_features /= 2;
    consider(narrower, fmt::format("corpus.features up to {}", narrower.num_features));
  }
  std::sort(ways.begin(), ways.end());
  std::vector<std::string> texts;
  for (auto& [bytes, text] : ways) texts.push_back(std::move(text));
  return texts;
}

void require_stage_memory(RunModel& model, const StageRecipe& stage, const StageMemory& memory) {
  if (fits_memory(memory)) return;
  std::string ways;
  for (const std::string& way : ways_to_fit(model, stage, memory)) ways += (ways.empty() ? "" : "; ") + way;
  if (model.tokenizer() != nullptr && ways.empty()) ways = "a smaller model, or parameters = \"lora\"";
  fail(ErrorKind::kOutOfMemory, "stage \"{}\" needs about {}, this process may use {}; ways to fit: {}", stage.name,
       format_bytes(needed_bytes(memory)), format_bytes(memory_limit_bytes()), ways);
}

}  // namespace manyshot
