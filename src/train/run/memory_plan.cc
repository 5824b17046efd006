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

uint64_t optimizer_bytes(const StageMemory& memory, uint64_t num_trained) {
  return static_cast<uint64_t>(memory.bytes_per_trained * static_cast<double>(num_trained));
}

}  // namespace

StageMemory stage_memory(RunModel& model, const StageRecipe& stage, const SampleStream& stream, int world_size) {
  StageMemory memory{.stage = stage.name, .batch = stream.largest_sample()};
  memory.batch.num_samples = static_cast<size_t>(stage.batch);
  memory.network_bytes = model.peak_bytes(memory.batch);
  memory.bytes_per_trained = 4 * (moments_per_value(stage) + (world_size > 1 ? 1 : 0));
  memory.optimizer_bytes = optimizer_bytes(memory, model.num_trained());
  return memory;
}

bool fits_memory(const StageMemory& memory) { return needed_bytes(memory) <= memory_limit_bytes(); }

std::vector<std::string> ways_to_fit(RunModel& model, const StageRecipe& stage, const StageMemory& memory) {
  std::vector<std::tuple<uint64_t, std::string>> ways;
  const auto add = [&](uint64_t bytes, const std::string& change) {
    if (bytes >= memory.total()) return;
    const bool fits = bytes + kOtherBytes <= memory_limit_bytes();
    ways.emplace_back(bytes, fmt::format("{}: {}{}", change, format_bytes(bytes), fits ? "" : ", still too much"));
  };
  const auto consider = [&](BatchShape shape, const std::string& change) {
    add(model.peak_bytes(shape) + memory.optimizer_bytes, change);
  };
  if (stage.batch > 1) {
    BatchShape one = memory.batch;
    one.num_samples = 1;
    consider(one, fmt::format("batch = 1 and accumulation = {}", stage.accumulation * stage.batch));
  }
  const bool is_compact = model.compact_config() != nullptr;
  for (const size_t part : {2, 4}) {
    BatchShape shorter = memory.batch;
    shorter.sample_tokens /= part;
    shorter.sample_rows /= part;
    const std::string change = is_compact ? fmt::format("corpus.shots up to {}", shorter.sample_rows)
                                          : fmt::format("max_tokens = {}", shorter.sample_tokens);
    consider(shorter, change);
    if (stage.batch == 1 || part > 2) continue;
    const uint64_t bytes = model.peak_bytes(shorter);
    shorter.num_samples = 1;
    if (model.peak_bytes(shorter) < bytes) consider(shorter, fmt::format("{}, and batch = 1", change));
  }
  if (is_compact) {
    BatchShape narrower = memory.batch;
    narrower.num_features /= 2;
    consider(narrower, fmt::format("corpus.features up to {}", narrower.num_features));
  }
  for (const RunModel::Alternative& other : model.alternatives(memory.batch)) {
    add(other.peak_bytes + optimizer_bytes(memory, other.num_trained), other.change);
  }
  std::sort(ways.begin(), ways.end());
  std::vector<std::string> texts;
  for (auto& [bytes, text] : ways) texts.push_back(std::move(text));
  if (model.tokenizer() != nullptr &&
      (ways.empty() || std::get<0>(ways.front()) + kOtherBytes > memory_limit_bytes())) {
    const uint64_t least = model.peak_bytes({.num_samples = 1, .sample_tokens = 1});
    texts.push_back(fmt::format("a smaller base, or a machine with more memory: this one's weights take {} in training",
                                format_bytes(least)));
  }
  return texts;
}

void require_stage_memory(RunModel& model, const StageRecipe& stage, const StageMemory& memory) {
  if (fits_memory(memory)) return;
  std::string ways;
  for (const std::string& way : ways_to_fit(model, stage, memory)) ways += (ways.empty() ? "" : "; ") + way;
  fail(ErrorKind::kOutOfMemory, "stage \"{}\" needs about {}, this process may use {}; ways to fit: {}", stage.name,
       format_bytes(needed_bytes(memory)), format_bytes(memory_limit_bytes()), ways);
}

}  // namespace manyshot
