#include "train/plan/memory_plan.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"
#include "core/memory.h"
#include "core/text.h"

namespace manyshot::train {
namespace {

constexpr uint64_t kOtherBytes = uint64_t{128} << 20;  // program, samples drawn ahead, prior and forest

uint64_t needed_bytes(const StageMemory& memory) { return memory.total() + kOtherBytes; }

bool fits(uint64_t bytes) { return bytes + kOtherBytes <= memory_limit_bytes(); }

// f32 numbers that an optimiser keeps for each trained one.
double moments_per_value(const StageRecipe& stage) {
  const double moments =
      stage.optimizer.kind == OptimizerKind::kMuon ? 1 : 2;  // muon: of the matrices, which are nearly all
  return moments + (stage.ema > 0 ? 1 : 0);
}

uint64_t optimizer_bytes(const StageMemory& memory, uint64_t num_trained) {
  return static_cast<uint64_t>(memory.bytes_per_trained * static_cast<double>(num_trained));
}

// A part of `length` in 64ths, down to two digits.
size_t round_part(size_t length, size_t part) {
  const size_t value = length * part / 64;
  size_t unit = 1;
  while (value / unit >= 100) unit *= 10;
  return std::max<size_t>(value - value % unit, 1);
}

// The batch with the longest shorter samples that fit, or with samples half as long when none do.
template <class Predicate>
BatchShape longest_that_fits(const BatchShape& batch, Predicate fits_shape) {
  const auto shortened = [&](size_t part) {
    BatchShape shape = batch;
    shape.sample_tokens = round_part(batch.sample_tokens, part);
    shape.sample_rows = round_part(batch.sample_rows, part);
    return shape;
  };
  for (size_t part = 63; part > 0; --part) {
    if (fits_shape(shortened(part))) return shortened(part);
  }
  return shortened(32);
}

}  // namespace

StageMemory stage_memory(RunModel& model, const StageRecipe& stage, const SampleStream& stream, int world_size) {
  StageMemory memory{.stage = stage.name, .batch = stream.largest_sample()};
  memory.batch.num_samples = static_cast<size_t>(stage.batch);
  memory.network_bytes = model.peak_bytes(memory.batch);
  memory.bytes_per_trained = 4 * (moments_per_value(stage) + (world_size > 1 ? 1 : 0));
  memory.optimizer_bytes = optimizer_bytes(memory, model.num_trained());
  memory.device_bytes = model.device_bytes(memory.batch);
  if (memory.device_bytes > 0) memory.device_bytes += memory.optimizer_bytes;
  return memory;
}

bool fits_memory(const StageMemory& memory) { return fits(memory.total()); }

std::vector<std::string> ways_to_fit(RunModel& model, const StageRecipe& stage, const StageMemory& memory) {
  std::vector<std::tuple<uint64_t, std::string>> ways;
  const auto add = [&](uint64_t bytes, const std::string& change) {
    if (bytes >= memory.total()) return;
    ways.emplace_back(bytes,
                      fmt::format("{}: {}{}", change, format_bytes(bytes), fits(bytes) ? "" : ", still too much"));
  };
  const auto bytes_of = [&](const BatchShape& shape) { return model.peak_bytes(shape) + memory.optimizer_bytes; };
  const auto consider = [&](const BatchShape& shape, const std::string& change) { add(bytes_of(shape), change); };
  BatchShape one = memory.batch;
  one.num_samples = 1;
  if (stage.batch > 1) {
    consider(one, fmt::format("batch = 1 and accumulation = {}", stage.accumulation * stage.batch));
  }
  const bool is_compact = model.compact_config() != nullptr;
  const auto consider_shorter = [&](const BatchShape& batch, const char* also) {
    const BatchShape shorter = longest_that_fits(batch, [&](const BatchShape& shape) { return fits(bytes_of(shape)); });
    consider(shorter, is_compact ? fmt::format("corpus.shots up to {}{}", shorter.sample_rows, also)
                                 : fmt::format("max_tokens = {}{}", shorter.sample_tokens, also));
  };
  consider_shorter(memory.batch, "");
  if (bytes_of(one) < bytes_of(memory.batch) && !fits(bytes_of(one))) consider_shorter(one, ", and batch = 1");
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
  if (model.tokenizer() != nullptr && (ways.empty() || !fits(std::get<0>(ways.front())))) {
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

}  // namespace manyshot::train
