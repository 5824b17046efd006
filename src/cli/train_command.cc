#include <cmath>
#include <cstdio>
#include <optional>

#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/text.h"
#include "core/version.h"
#include "predict/model_store.h"
#include "train/display/status_line.h"
#include "train/models/open_model.h"
#include "train/plan/machine_rate.h"
#include "train/plan/run_check.h"
#include "train/plan/stage_stream.h"
#include "train/record/ability_record.h"
#include "train/record/checkpoint.h"
#include "train/run/training_run.h"
#include "train_evaluation/evaluate_tables.h"
#include "train_evaluation/measure_ability.h"

namespace manyshot {
namespace {

using train::Recipe;
using train::RunCheck;
using train::RunModel;
using train::RunReport;

struct TrainOptions {
  std::string out;
  std::string resume;
  std::vector<std::string> set;
  std::optional<uint64_t> seed;
  bool check = false;
  int gpus = 0;
  double gpu_tflops = 150;
  bool keys = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Run");
    v("out", self.out, any_value(), "Folder of the run; made when it does not exist.");
    v("resume", self.resume, any_value(),
      "A checkpoint, or the folder of a run, whose newest checkpoint it is: goes on to the same bits.");
    v("set", self.set, any_value(),
      "Changes of the recipe: lora.rank=16, stage.main.steps=100 (a stage by its name or number). May be given again.");
    v("seed", self.seed, any_value(), "Seed of every random choice, in place of the recipe's.");
    option_heading(v, "Without training");
    v("check", self.check, any_value(),
      "Only say what the run would do: the resolved recipe, memory, tokens and time. Trains nothing.");
    v("gpus", self.gpus, at_least(0),
      "With --check, of a language model: how long so many GPUs would take, and what of its memory each needs; neither "
      "they nor weights have to be there.");
    v("gpu_tflops", self.gpu_tflops, between(1, 1e5),
      "Their rate in TFLOP/s. An H200 reached 145 to 170 in LoRA of a model of 135 million parameters "
      "(docs/training.md).");
    v("keys", self.keys, any_value(), "Print all keys of a recipe with their defaults, as Markdown.");
  }
};

class TrainCommand : public Command {
 public:
  std::string name() const override { return "train"; }
  std::string summary() const override { return "continued pretraining of a language model, or a model from scratch"; }
  std::string details() const override {
    return "Trains what a recipe says (--config): LoRA factors or all weights of a Llama or Qwen2 model, or a compact "
           "decoder from scratch, on tasks drawn on the fly, token files or JSON lines. Checkpoints hold the weights "
           "as transformers, PEFT and manyshot predict load them, and the exact state: a run that was stopped or "
           "killed goes on with --resume to the same bits. Several processes share the work under torchrun or srun. "
           "The recipe's keys: docs/formats/recipe.md, or --keys.";
  }
  std::string examples() const override {
    return "    manyshot train --config recipes/default.toml --out runs/default\n"
           "    manyshot train --config recipes/smollm2.toml --check\n"
           "    manyshot train --config recipes/smollm2.toml --out runs/a --set stage.main.steps=200 --set "
           "lora.rank=16\n"
           "    manyshot train --config recipes/smollm2.toml --out runs/a --resume runs/a\n"
           "    torchrun --nproc-per-node 8 --no-python manyshot train --config recipe.toml --out run\n";
  }
  OptionList options() override { return options_of(options_); }
  bool reads_config() const override { return true; }
  bool uses_device() const override { return true; }

  void run(const CommonOptions& common) override {
    if (options_.keys) {
      if (common.json) return print_summary(*this, train::recipe_keys_json());
      fmt::print("{}", train::recipe_keys_markdown());
      return;
    }
    if (common.config.empty()) {
      fail(ErrorKind::kBadInput, "--config names the recipe, such as recipes/smollm2.toml; see manyshot train --help");
    }
    Recipe recipe = train::read_recipe(common.config, changes());
    if (!recipe.model.is_fresh()) recipe.model.base = resolve_model(recipe.model.base);
    check_evaluation_files(recipe);
    if (options_.check) return check(recipe, common);
    if (options_.gpus > 0)
      fail(ErrorKind::kBadInput, "--gpus {} is for --check, which trains nothing; to train on one, give --device cuda",
           options_.gpus);
    if (options_.out.empty()) fail(ErrorKind::kBadInput, "--out is needed: the folder of the run");
    train_recipe(recipe, common);
  }

 private:
  std::vector<std::string> changes() const {
    std::vector<std::string> changes = options_.set;
    if (options_.seed) changes.push_back(fmt::format("seed={}", *options_.seed));
    return changes;
  }

  // The recipe's epochs are resolved.
  static std::unique_ptr<RunModel> open_model(Recipe& recipe, const CommonOptions& common) {
    auto model = open_run_model(recipe, device_of(common));
    if (model->tokenizer() == nullptr && !(recipe.evaluate.knowledge.empty() && recipe.evaluate.perplexity.empty())) {
      fail(ErrorKind::kBadInput,
           "evaluate.knowledge and evaluate.perplexity are for language models; this recipe trains a compact decoder, "
           "which reads table rows only: leave them out");
    }
    train::resolve_epochs(recipe, *model);
    return model;
  }

  // Where several processes share a machine, "cuda" is each one's own GPU.
  static Device device_of(const CommonOptions& common) {
    Device device = parse_device(common.device);
    if (common.device == "cuda") device.index = train::process_place().local_rank;
    return device;
  }

  void check(Recipe recipe, const CommonOptions& common) {
    const auto model = open_model(recipe, common);
    RunCheck result = plan_run(recipe, *model, train::process_place().world_size,
                               {.count = options_.gpus, .rate = options_.gpu_tflops * 1e12});
    try {
      if (options_.gpus == 0) measure_run(recipe, *model, result);
    } catch (const Error&) {  // weights that are missing or damaged: what is known is worth saying
      print(result, common);
      throw;
    }
    print(result, common);
  }

  void print(const RunCheck& check, const CommonOptions& common) {
    if (common.json) {
      print_summary(*this, to_json(check));
    } else {
      fmt::print("{}", check_text(check));
    }
    std::fflush(stdout);
  }

  void train_recipe(Recipe recipe, const CommonOptions& common) {
    const auto processes = open_collective(train::process_place());
    if (!processes->is_first()) log::set_level(log::Level::kWarning);
    const auto model = open_model(recipe, common);
    log::info("train: {}", model->description());
    const Device device = device_of(common);
    const bool is_adapter = model->tokenizer() != nullptr && recipe.model.trains_lora();
    const train::RunSetup setup{.recipe = recipe,
                                .out = options_.out,
                                .resume = options_.resume.empty() ? "" : train::find_checkpoint(options_.resume),
                                .version = program_version(),
                                .matrix_rate = train::matrix_rate(recipe, *model),
                                .evaluate_tables = make_table_evaluation(recipe, is_adapter, program_version(), device),
                                .measure_ability = make_ability_measurement(recipe, is_adapter, device)};
    const RunReport report = train::train(setup, *model, *processes);
    if (processes->is_first()) print(report, common);
  }

  void print(const RunReport& report, const CommonOptions& common) {
    if (common.json) return print_summary(*this, to_json(report));
    log::info("train: {} steps, {} samples, {} tokens in {}{}{}, peak memory {}; {}", with_thousands(report.steps),
              with_thousands(static_cast<long long>(report.samples)),
              with_thousands(static_cast<long long>(report.tokens)), train::duration_text(report.seconds),
              std::isfinite(report.loss) ? fmt::format(", loss {:.4f}", report.loss) : "",
              report.utilisation > 0 ? fmt::format(", MFU {:.1f} %", 100 * report.utilisation) : "",
              format_bytes(peak_memory_bytes()), report.checkpoint);
    const std::string ability = ability_text(report.ability);
    if (!ability.empty()) log::info("train: {}", ability);
    if (!report.best_checkpoint.empty() && report.best_checkpoint != report.checkpoint) {
      log::info("train: best checkpoint: {}", report.best_checkpoint);
    }
  }

  TrainOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_train_command() { return std::make_unique<TrainCommand>(); }

}  // namespace manyshot
