#include "lab/run/fine_tune.h"

#include <filesystem>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "train/collective/collective.h"
#include "train/models/open_model.h"
#include "train/record/checkpoint.h"
#include "train/run/training_run.h"

namespace manyshot::lab {
namespace {
namespace fs = std::filesystem;

void write_texts(std::span<const TrainingText> texts, const std::string& path) {
  std::string lines;
  for (const TrainingText& text : texts) {
    Json line = Json::object();
    if (!text.before.empty()) line["prompt"] = text.before;
    line["text"] = text.text;
    line["source"] = name_of(text.source);
    lines += line.dump() + "\n";
  }
  write_file(path, lines);
}

// A recipe that `manyshot train` takes as well.
std::string recipe_text(const FineTuneSetup& setup, const std::string& data) {
  const TuningOptions& options = setup.options;
  const int64_t points = options.curve_points;
  return fmt::format(
      "seed = {}\n\n[model]\nbase = {}\nparameters = \"{}\"\n\n[lora]\nrank = {}\nalpha = {}\n\n"
      "[[stage]]\nname = \"documents\"\ndata = \"text\"\npath = {}\ntoo_long = \"cut\"\nmax_tokens = {}\n"
      "steps = {}\nbatch = {}\nlearning_rate = {}\nschedule = \"cosine\"\nfinal_fraction = 0.1\nwarmup_ratio = 0.05\n"
      "clip = 1.0\n\n[checkpoint]\nevery_minutes = 3\nkeep_last = 1\n\n[evaluate]\nevery_steps = {}\ntasks = 0\n",
      setup.seed, Json(setup.model).dump(), name_of(options.tuning), options.rank, 2 * options.rank, Json(data).dump(),
      options.text_tokens, setup.steps, options.batch, learning_rate_of(options),
      points > 0 ? std::max<int64_t>(1, setup.steps / points) : setup.steps);
}

}  // namespace

double learning_rate_of(const TuningOptions& options) {
  if (options.learning_rate > 0) return options.learning_rate;
  return options.tuning == Tuning::kLora ? 1e-3 : 1e-4;
}

FineTuneResult fine_tune(const FineTuneSetup& setup, const std::string& version) {
  const fs::path folder(setup.folder);
  make_folder(setup.folder);
  const std::string data = (folder / "texts.jsonl").string();
  write_texts(setup.texts, data);
  const std::string recipe_path = (folder / "recipe.toml").string();
  const std::string text = recipe_text(setup, data);
  write_file(recipe_path, text);
  const train::Recipe recipe = train::parse_recipe(text, recipe_path);
  const auto processes = train::make_single_process();
  const auto model = train::open_run_model(recipe, setup.device);
  if (model->tokenizer() == nullptr) {
    fail(ErrorKind::kUnsupported,
         "{} is a compact model, which reads table rows only; the laboratory needs a Llama or Qwen2 language model",
         setup.model);
  }
  FineTuneResult result{.is_adapter = recipe.model.trains_lora(), .texts = setup.texts.size()};
  const std::string run = (folder / "run").string();
  std::string resume;
  if (!train::CheckpointFolders(run).steps().empty()) resume = train::find_checkpoint(run);
  train::RunSetup run_setup{.recipe = recipe, .out = run, .resume = resume, .version = version};
  if (setup.options.curve_points > 0) run_setup.evaluate_tables = setup.measure;
  const train::RunReport report = train::train(run_setup, *model, *processes);
  result.weights = report.checkpoint;
  result.steps = report.steps;
  result.presentations = report.samples;
  result.tokens = report.tokens;
  result.seconds = report.seconds;
  result.flops = report.flops;
  result.loss = report.loss;
  result.curve = train::read_trainer_state(report.checkpoint).log_history;
  return result;
}

}  // namespace manyshot::lab
