#include "train/record/run_folder.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/processor.h"
#include "corpus/token_shard.h"
#include "report/document.h"
#include "train/display/run_page.h"
#include "train/record/write_pages.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

constexpr size_t kMaxCurvePoints = 1000;

std::string in_folder(const RunSetup& setup, const char* name) { return (fs::path(setup.out) / name).string(); }

std::string name_of(const RunSetup& setup) {
  fs::path path = fs::absolute(setup.out).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "runs/a/"
  return path.filename().string();
}

// The files behind a path: itself, or those in the folder.
std::vector<std::string> files_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return fs::exists(path, error) ? std::vector{path} : std::vector<std::string>();
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Json hashes_of(const RunSetup& setup, const RunModel& model) {
  std::vector<std::string> paths = model.files();
  for (const StageRecipe& stage : setup.recipe.stages) {
    if (!stage.path.empty()) paths.push_back(stage.path);
  }
  Json hashes = Json::array();
  for (const std::string& path : paths) {
    for (const std::string& file : files_of(path)) {
      const MappedFile mapped(file);
      const std::string_view bytes(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
      hashes.push_back({{"file", file}, {"bytes", bytes.size()}, {"crc32", fmt::format("{:08x}", crc32_of(bytes))}});
    }
  }
  return hashes;
}

// Steps and their numbers, thinned out to what a drawing needs.
Json curve_of(const std::vector<Json>& metrics) {
  Json curve = Json::array();
  const size_t stride = metrics.size() / kMaxCurvePoints + 1;
  for (size_t i = 0; i < metrics.size(); ++i) {
    const Json& line = metrics[i];
    if (!line.contains("loss")) {
      curve.push_back(line);
    } else if (i % stride == 0 || i + 1 == metrics.size()) {
      curve.push_back({{"step", line["step"]}, {"loss", line["loss"]}, {"accuracy", line.value("accuracy", Json())}});
    }
  }
  return curve;
}

}  // namespace

void write_run_file(const RunSetup& setup, const RunModel& model, int world_size) {
  const CheckpointFolders folders(setup.out);
  folders.remove_unfinished();
  const std::vector<int64_t> steps = folders.steps();
  if (setup.resume.empty() && !steps.empty()) {
    fail(ErrorKind::kBadInput,
         "{}: holds a run already (checkpoint-{}); go on with it by --resume {}, or give another --out", setup.out,
         steps.back(), setup.out);
  }
  const Json run = {{"version", setup.version},         {"recipe", to_json(setup.recipe)},
                    {"processes", world_size},          {"processor", processor_name()},
                    {"resumed_from", setup.resume},     {"model", model.description()},
                    {"inputs", hashes_of(setup, model)}};
  write_file(in_folder(setup, "run.json"), run.dump(1) + "\n");
}

void check_resumable(const TrainerState& saved, const Json& recipe, int world_size, const std::string& checkpoint) {
  const std::string changed = find_changed_key(saved.recipe, recipe);
  if (!changed.empty()) {
    fail(ErrorKind::kBadInput,
         "{}: is of another recipe: {}; resume with the recipe it was made with (only [checkpoint] and [evaluate] may "
         "change), or start a new run from its weights with model.base or lora.adapter",
         checkpoint, changed);
  }
  if (saved.world_size != world_size) {
    fail(ErrorKind::kBadInput, "{}: was trained by {} processes, now there are {}; start as many, or a new run",
         checkpoint, saved.world_size, world_size);
  }
}

void write_report(const RunSetup& setup, const RunReport& report, const std::vector<Json>& metrics) {
  const double cores = static_cast<double>(num_threads()) * report.processes;
  const Json json = {{"version", setup.version},
                     {"name", name_of(setup)},
                     {"recipe", to_json(setup.recipe)},
                     {"finished", report.steps == report.total_steps},
                     {"steps", report.steps},
                     {"total_steps", report.total_steps},
                     {"processes", report.processes},
                     {"threads", num_threads()},
                     {"core_hours", report.seconds * cores / 3600},
                     {"seconds", report.seconds},
                     {"samples", report.samples},
                     {"tokens", report.tokens},
                     {"flops", report.flops},
                     {"utilisation", report.utilisation > 0 ? Json(report.utilisation) : Json()},
                     {"peak_memory_bytes", peak_memory_bytes()},
                     {"loss", report.loss},
                     {"evaluation", report.evaluation},
                     {"general_ability", {{"before", report.ability.before}, {"after", report.ability.after}}},
                     {"checkpoint", report.checkpoint},
                     {"best_checkpoint", report.best_checkpoint},
                     {"curve", curve_of(metrics)}};
  write_file(in_folder(setup, "report.json"), json.dump(1) + "\n");
  const report::Document document = run_document(json, Json::parse(read_file(in_folder(setup, "run.json"))), metrics);
  write_pages(document, setup.out);
  Json results = {{"train_loss", report.loss},
                  {"train_runtime", report.seconds},
                  {"train_samples_per_second", static_cast<double>(report.samples) / report.seconds},
                  {"train_steps_per_second", static_cast<double>(report.steps) / report.seconds},
                  {"total_flos", report.flops}};
  results.update(report.evaluation);
  write_file(in_folder(setup, "train_results.json"), results.dump(1) + "\n");
}

TemporaryWeights::TemporaryWeights(const std::string& run_folder, RunModel& model)
    : folder_((fs::path(run_folder) / ".checkpoint-evaluated.part").string()) {
  std::error_code error;
  fs::remove_all(folder_, error);
  fs::create_directories(folder_, error);
  try {
    model.write_weights(folder_);
  } catch (...) {
    fs::remove_all(folder_, error);
    throw;
  }
}

TemporaryWeights::~TemporaryWeights() {
  std::error_code error;
  fs::remove_all(folder_, error);
}

}  // namespace manyshot::train
