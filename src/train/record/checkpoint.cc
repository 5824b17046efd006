#include "train/record/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "model/files/safetensors_writer.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

constexpr const char* kStateName = "state.safetensors";
constexpr const char* kTrainerStateName = "trainer_state.json";
constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kUnfinished = ".checkpoint-";  // ".checkpoint-20.part", ".checkpoint-20.old"
constexpr uint64_t kMaxStateBytes = uint64_t{256} << 20;

void sync_folder(const fs::path& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

std::optional<int64_t> step_of(const std::string& name) {
  int64_t step = 0;
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + kPrefix.size(), end, step);
  return error == std::errc() && stop == end ? std::optional(step) : std::nullopt;
}

void rename_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) fail(ErrorKind::kBadInput, "{}: cannot be renamed to {}: {}", from.string(), to.string(), error.message());
}

}  // namespace

void write_state(std::span<const StateTensor> tensors, const std::string& folder) {
  std::vector<TensorEntry> entries;
  for (const StateTensor& tensor : tensors) entries.push_back({tensor.name, TensorType::kF32, {tensor.values.size()}});
  SafetensorsWriter file((fs::path(folder) / kStateName).string(), entries);
  for (const StateTensor& tensor : tensors) file.write(std::as_bytes(tensor.values));
  file.commit();
}

void read_state(std::span<const StateTensor> tensors, const std::string& folder) {
  const MappedFile mapped((fs::path(folder) / kStateName).string());
  const Safetensors file(mapped.bytes(), mapped.path());
  for (const StateTensor& tensor : tensors) {
    const TensorInfo* info = file.find(tensor.name);
    if (info == nullptr || info->type != TensorType::kF32 || info->num_elements() != tensor.values.size()) {
      fail(ErrorKind::kCorruptFile, "{}: \"{}\" is {}, expected {} values of F32; the checkpoint is of another run",
           mapped.path(), tensor.name, info == nullptr ? "missing" : shape_text(info->shape), tensor.values.size());
    }
    const auto data = file.data(*info);
    if (!data.empty()) std::memcpy(tensor.values.data(), data.data(), data.size());
  }
}

Json to_json(const TrainerState& state) {
  return {{"global_step", state.step},
          {"best_metric", state.best_metric ? Json(*state.best_metric) : Json()},
          {"best_global_step", state.best_step},
          {"num_input_tokens_seen", state.tokens},
          {"total_flos", state.flops},
          {"log_history", state.log_history},
          {"manyshot",
           {{"version", state.version},
            {"samples", state.samples},
            {"seconds", state.seconds},
            {"world_size", state.world_size},
            {"optimizer", state.optimizer},
            {"recipe", state.recipe}}}};
}

TrainerState read_trainer_state(const std::string& folder) {
  const std::string path = (fs::path(folder) / kTrainerStateName).string();
  try {
    const Json json = Json::parse(read_file(path, kMaxStateBytes));
    const Json& own = json.at("manyshot");
    const auto count = [&](const Json& object, const char* name, int64_t least = 0, int64_t most = int64_t{1} << 62) {
      const Json& value = object.at(name);
      const int64_t found = value.is_number_unsigned() ? static_cast<int64_t>(value.get<uint64_t>()) : -1;
      if (found < least || found > most) {
        fail(ErrorKind::kCorruptFile, "{}: \"{}\" is {}, expected a count; resume from another checkpoint", path, name,
             value.is_number() ? value.dump() : value.type_name());
      }
      return found;
    };
    TrainerState state{.step = count(json, "global_step"),
                       .seconds = own.at("seconds"),
                       .flops = json.at("total_flos"),
                       .tokens = static_cast<uint64_t>(count(json, "num_input_tokens_seen")),
                       .samples = static_cast<uint64_t>(count(own, "samples")),
                       .best_step = count(json, "best_global_step"),
                       .world_size = static_cast<int>(count(own, "world_size", /*least=*/1, /*most=*/1 << 20)),
                       .optimizer = own.at("optimizer"),
                       .recipe = own.at("recipe"),
                       .version = own.at("version"),
                       .log_history = json.at("log_history")};
    if (!json.at("best_metric").is_null()) state.best_metric = json.at("best_metric").get<double>();
    return state;
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}: no state of this trainer ({}); resume from another checkpoint", path,
         excerpt(error.what(), 120));
  }
}

void CheckpointFolders::remove_unfinished() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run_folder_, error)) {
    if (entry.path().filename().string().starts_with(kUnfinished)) fs::remove_all(entry.path(), error);
  }
}

std::string CheckpointFolders::path(int64_t step) const {
  return (fs::path(run_folder_) / fmt::format("{}{}", kPrefix, step)).string();
}

void CheckpointFolders::write(int64_t step, const std::function<void(const std::string& folder)>& fill) const {
  const fs::path run(run_folder_), part = run / fmt::format("{}{}.part", kUnfinished, step),
                                   old = run / fmt::format("{}{}.old", kUnfinished, step);
  std::error_code error;
  fs::remove_all(part, error);
  if (!fs::create_directory(part, error)) {
    fail(ErrorKind::kBadInput, "{}: cannot make this folder: {}", part.string(), error.message());
  }
  try {
    fill(part.string());
  } catch (...) {
    fs::remove_all(part, error);
    throw;
  }
  sync_folder(part);
  if (fs::exists(path(step), error)) rename_folder(path(step), old);
  rename_folder(part, path(step));
  sync_folder(run);
  fs::remove_all(old, error);
}

std::vector<int64_t> CheckpointFolders::steps() const {
  std::set<int64_t> steps;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(run_folder_, error)) {
    if (const auto step = step_of(entry.path().filename().string())) steps.insert(*step);
  }
  return {steps.begin(), steps.end()};
}

void CheckpointFolders::prune(int count, int64_t best) const {
  const std::vector<int64_t> all = steps();
  std::error_code error;
  for (size_t i = 0; i + static_cast<size_t>(count) < all.size(); ++i) {
    if (all[i] != best) fs::remove_all(path(all[i]), error);
  }
}

std::string find_checkpoint(const std::string& path) {
  std::error_code error;
  if (fs::exists(fs::path(path) / kTrainerStateName, error)) return path;
  const CheckpointFolders folders(path);
  const std::vector<int64_t> steps = folders.steps();
  if (steps.empty()) {
    fail(ErrorKind::kNotFound,
         "{}: no checkpoint here; give a checkpoint-N folder, or the folder of a run that has one", path);
  }
  return folders.path(steps.back());
}

}  // namespace manyshot::train
