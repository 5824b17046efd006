#include "core/shard.h"

#include <array>
#include <cstdlib>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

// The variables by which a launcher tells a process its place. Without `first` and `step` indices are 0, 1, …
struct Launcher {
  const char *index, *count, *first, *step;
};
constexpr std::array kLaunchers = {
    Launcher{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP"},
    Launcher{"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", nullptr, nullptr},
    Launcher{"RANK", "WORLD_SIZE", nullptr, nullptr},
    Launcher{"SLURM_PROCID", "SLURM_NTASKS", nullptr, nullptr},
};
constexpr uint64_t kMostShards = 1'000'000;

uint64_t number_in(const char* name, uint64_t otherwise) {
  const char* text = name == nullptr ? nullptr : std::getenv(name);
  if (text == nullptr) return otherwise;
  const auto value = parse_exact<uint64_t>(text);
  if (!value) {
    fail(ErrorKind::kBadInput, "--shard auto: the environment's {} is \"{}\", expected a whole number", name,
         excerpt(text));
  }
  return *value;
}

Shard shard_of_environment() {
  for (const Launcher& launcher : kLaunchers) {
    if (std::getenv(launcher.index) == nullptr) continue;
    if (std::getenv(launcher.count) == nullptr) {
      fail(ErrorKind::kBadInput, "--shard auto: the environment has {} but no {}; set it to the number of processes",
           launcher.index, launcher.count);
    }
    const uint64_t number = number_in(launcher.index, 0), first = number_in(launcher.first, 0),
                   step = number_in(launcher.step, 1), count = number_in(launcher.count, 0);
    if (count == 0 || count > kMostShards || number < first || step == 0 || (number - first) / step >= count) {
      fail(ErrorKind::kBadInput, "--shard auto: the environment says {}={} of {}={}, which makes no sense; give I/N",
           launcher.index, number, launcher.count, count);
    }
    return {(number - first) / step, count};
  }
  fail(
      ErrorKind::kBadInput,
      "--shard auto finds neither a Slurm array, an indexed Kubernetes Job, torchrun nor srun in the environment; give "
      "I/N, such as 0/8");
}

}  // namespace

Shard parse_shard(std::string_view text) {
  if (text == "auto") return shard_of_environment();
  const size_t slash = text.find('/');
  const auto index = parse_exact<uint64_t>(text.substr(0, slash));
  const auto count = slash == std::string_view::npos ? std::nullopt : parse_exact<uint64_t>(text.substr(slash + 1));
  if (!index || !count || *count == 0 || *count > kMostShards || *index >= *count) {
    fail(ErrorKind::kBadInput, "--shard: expected I/N with I from 0 to N - 1, such as 0/8 to 7/8, or auto, got \"{}\"",
         excerpt(text));
  }
  return {*index, *count};
}

std::string to_text(const Shard& shard) { return fmt::format("{}/{}", shard.index, shard.count); }

std::string shard_file(const Shard& shard, std::string_view stem, std::string_view extension) {
  return shard.count == 1 ? fmt::format("{}{}", stem, extension)
                          : fmt::format("{}-{}-of-{}{}", stem, shard.index, shard.count, extension);
}

}  // namespace manyshot
