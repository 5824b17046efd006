// A training recipe: one TOML file that says which model is trained on what, how, and what is kept
// (docs/formats/recipe.md). Declared once here; the file reader, --set, the table of keys and the copy saved with a
// run are made from it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/names.h"
#include "core/options.h"
#include "corpus/options.h"
#include "encoding/text/chat_wrapping.h"
#include "model/dtype.h"
#include "train/compact_sizes.h"
#include "train/initialisation.h"
#include "train/lora_options.h"
#include "train/optimizer_options.h"
#include "train/train_sample.h"

namespace manyshot::train {

enum class TrainedParameters { kLora, kFull };
constexpr auto names_of(TrainedParameters) {
  return std::to_array<Named<TrainedParameters>>(
      {{TrainedParameters::kLora, "lora"}, {TrainedParameters::kFull, "full"}});
}

struct ModelRecipe {
  static constexpr const char* kFresh = "fresh";
  std::string base = kFresh;
  std::string config;
  Initialisation initialisation = Initialisation::kScaledNormal;
  std::optional<TrainedParameters> parameters;
  std::optional<DType> dtype;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("base", self.base, any_value(),
      "The model to train: an installed name, a folder (Llama or Qwen2, or a compact model, whose sizes [compact] then "
      "does not change; with version = 2 one of version 1 is upgraded), a .gguf file; or fresh.");
    v("config", self.config, any_value(),
      "For base = \"fresh\": a folder with config.json (and, for a language model, tokenizer.json), or a config.json; "
      "nothing: the compact decoder of [compact].");
    v("initialisation", self.initialisation, any_value(),
      "First matrices of a fresh language model. scaled-normal: deviation 0.02, of o_proj and down_proj 0.02 / sqrt(2 "
      "layers); normal: 0.02 for all, as transformers; width-scaled: 1 / sqrt(inputs), these two divided likewise.");
    v("parameters", self.parameters, any_value().unset_as("auto"),
      "What is trained: LoRA factors beside frozen weights, or all weights. auto: lora for a language model that "
      "exists, else full.");
    v("dtype", self.dtype, any_value().unset_as("auto"),
      "Number type of the products; masters, gradients and sums are f32. auto: bfloat16 where the processor has it.");
  }

  bool is_fresh() const { return base == kFresh; }
  // Of a language model; compact decoders train all their weights.
  bool trains_lora() const { return parameters ? *parameters == TrainedParameters::kLora : !is_fresh(); }
};

struct CompactRecipe {
  CompactSizes sizes;
  bool all_labels = true;
  double residual_decay = 1;
  int added_layers = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    CompactSizes::visit(self.sizes, v);
    v("all_labels", self.all_labels, any_value(),
      "The softmax is over all label tokens; else over those that the task's labelled rows have.");
    v("residual_decay", self.residual_decay, between(0.1, 1),
      "Scale of the residual stream before each further layer.");
    v("added_layers", self.added_layers, between(0, 1024),
      "In-context layers to put behind those of model.base, a compact model: it answers as before until they are "
      "trained.");
  }
};

struct LoraRecipe {
  LoraOptions options;
  std::string adapter;
  std::string base_name;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    LoraOptions::visit(self.options, v);
    v("adapter", self.adapter, any_value(),
      "Folder of an adapter to continue; rank, alpha and target_modules are its own.");
    v("base_name", self.base_name, any_value(),
      "The base as adapter_config.json names it, for PEFT, such as HuggingFaceTB/SmolLM2-135M; nothing: the id that "
      "the model tells of itself, else its path.");
  }
};

enum class StageData { kLive, kTables, kTokens, kAlpaca, kMessages, kText };
constexpr auto names_of(StageData) {
  return std::to_array<Named<StageData>>({{StageData::kLive, "live"},
                                          {StageData::kTables, "tables"},
                                          {StageData::kTokens, "tokens"},
                                          {StageData::kAlpaca, "alpaca"},
                                          {StageData::kMessages, "messages"},
                                          {StageData::kText, "text"}});
}
// Whether samples are drawn by the stage's corpus options, without end.
constexpr bool draws_tasks(StageData data) { return data == StageData::kLive || data == StageData::kTables; }

// What becomes of text samples with more tokens than a stage allows.
enum class TooLong { kSkip, kCut, kStop };
constexpr auto names_of(TooLong) {
  return std::to_array<Named<TooLong>>({{TooLong::kSkip, "skip"}, {TooLong::kCut, "cut"}, {TooLong::kStop, "stop"}});
}

struct StageRecipe {
  std::string name;
  StageData data = StageData::kLive;
  std::string path;
  std::optional<ChatWrapping> chat;
  TooLong too_long = TooLong::kSkip;
  int64_t max_tokens = 32'000;
  LossMode loss = LossMode::kAnswer;
  int64_t steps = 0;
  int64_t tasks = 0;
  double epochs = 0;
  double validation = 0;
  double replay = 0;
  std::string replay_path;
  int batch = 8;
  int accumulation = 1;
  OptimizerOptions optimizer;
  ScheduleKind schedule = ScheduleKind::kCosine;
  double final_fraction = 0;
  int64_t warmup_steps = 0;
  double warmup_ratio = 0;
  double clip = 1;
  double ema = 0;
  std::vector<std::string> grow;
  CorpusOptions corpus;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("name", self.name, any_value(),
      "Name of the stage in messages, in the run's files and for --set stage.NAME.key.");
    v("data", self.data, any_value(),
      "live: tasks drawn on the fly; tables: tasks from CSV and Parquet files, with a random column as the target; "
      "tokens: token files of manyshot corpus; alpaca, messages, text: JSON lines, text also plain .txt and .md "
      "files.");
    v("path", self.path, any_value(), "File or folder of the data; live needs none.");
    v("chat", self.chat, any_value().unset_as("auto"),
      "How JSON lines are wrapped; auto: as the tokenizer's special tokens suggest. trained: the published "
      "training's.");
    v("too_long", self.too_long, any_value(),
      "JSON lines and token files with more than max_tokens: left out, cut at the end, or an error.");
    v("max_tokens", self.max_tokens, between(16, 1 << 20), "Longest sample of a language model, in tokens.");
    v("loss", self.loss, any_value(),
      "answer: every token of the answers; labels: their label tokens only; dense: also the label of every labelled "
      "row, given the rows before it.");
    v("steps", self.steps, at_least(0), "Optimiser steps of the stage; or give tasks or epochs.");
    v("tasks", self.tasks, at_least(0), "Samples of the stage, in place of steps: rounded up to whole steps.");
    v("epochs", self.epochs, between(0, 1e6),
      "Passes over the data, in place of steps: rounded up to whole steps. Not for live and tables, which draw tasks "
      "without end.");
    v("validation", self.validation, between(0, 0.9),
      "Share of the data that no step sees and evaluations take the loss of (validation_loss): samples at random; of "
      "tables, whole tables.");
    v("replay", self.replay, between(0, 0.9),
      "Share of the samples that are ordinary text, so that a language model keeps what it knew.");
    v("replay_path", self.replay_path, any_value(),
      "File or folder of that text: JSON lines with \"text\", or .txt and .md files, as for data = \"text\".");
    v("batch", self.batch, between(1, 1 << 20), "Samples that one process takes at once.");
    v("accumulation", self.accumulation, between(1, 1 << 20),
      "Batches that one process adds up before a step. A step sees batch x accumulation x processes samples.");
    OptimizerOptions::visit(self.optimizer, v);
    v("schedule", self.schedule, any_value(), "How the learning rate falls after warm-up.");
    v("final_fraction", self.final_fraction, between(0, 1), "Of the learning rate, at the last step.");
    v("warmup_steps", self.warmup_steps, at_least(0), "Steps over which the learning rate rises from 0.");
    v("warmup_ratio", self.warmup_ratio, between(0, 1), "The same as a share of the stage's steps.");
    v("clip", self.clip, at_least(0), "Largest norm of the gradient; larger ones are scaled down. 0: none.");
    v("ema", self.ema, between(0, 1),
      "Decay of an average of the weights, which is what checkpoints then hold for use; 0: none.");
    v("grow", self.grow, any_value(),
      "Changes of the corpus as the stage goes on: [\"0: shots=8:64 features=2:8\", \"0.1: shots=8:256\"], each from "
      "that share of the steps.");
    OptionSection<Visitor> section{v, "corpus."};
    CorpusOptions::visit(self.corpus, section);
  }

  // Optimiser steps when `world_size` processes take part. REQUIRES: no epochs, or resolve_epochs() was called.
  int64_t num_steps(int world_size) const;
};

// A number of the evaluations that checkpoints are compared by.
enum class BestMetric { kEvalLoss, kEvalAccuracy, kValidationLoss, kTableAccuracy, kTableLogLoss, kNone };
constexpr auto names_of(BestMetric) {
  return std::to_array<Named<BestMetric>>({{BestMetric::kEvalLoss, "eval_loss"},
                                           {BestMetric::kEvalAccuracy, "eval_accuracy"},
                                           {BestMetric::kValidationLoss, "validation_loss"},
                                           {BestMetric::kTableAccuracy, "table_accuracy"},
                                           {BestMetric::kTableLogLoss, "table_log_loss"},
                                           {BestMetric::kNone, "none"},
                                           {BestMetric::kNone, "", /*alias=*/true}});
}
constexpr bool less_is_better(BestMetric metric) {
  return metric == BestMetric::kEvalLoss || metric == BestMetric::kValidationLoss ||
         metric == BestMetric::kTableLogLoss;
}

struct CheckpointRecipe {
  int64_t every_steps = 0;
  double every_minutes = 20;
  int keep_last = 2;
  std::optional<BestMetric> best_metric;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("every_steps", self.every_steps, at_least(0), "Steps between checkpoints; 0: by time only.");
    v("every_minutes", self.every_minutes, at_least(0), "Minutes between checkpoints; 0: by steps only.");
    v("keep_last", self.keep_last, at_least(1), "Newest checkpoints that stay.");
    v("best_metric", self.best_metric, any_value().unset_as("auto"),
      "The checkpoint that is best by this number of the evaluations stays too. auto: validation_loss where a stage "
      "holds data out, else eval_loss.");
  }
};

struct EvaluateRecipe {
  int64_t every_steps = 0;
  int tasks = 32;
  std::vector<int> shots = {8, 32, 128, 512};
  std::vector<std::string> tables;
  std::string target;
  int queries = 100;
  std::string knowledge;
  int knowledge_questions = 0;
  std::string perplexity;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("every_steps", self.every_steps, at_least(0), "Steps between evaluations; the last step has one anyway.");
    v("tasks", self.tasks, at_least(0), "Held-out synthetic tasks for each number of shots; 0: none.");
    v("shots", self.shots, between(0, 999'999), "Numbers of labelled rows to evaluate at.");
    v("tables", self.tables, any_value(), "Tables, or folders of tables, to evaluate on: CSV or Parquet.");
    v("target", self.target, any_value(), "Column to predict in these tables; nothing: the last one.");
    v("queries", self.queries, at_least(1), "Rows of a table that are predicted, at most.");
    v("knowledge", self.knowledge, any_value(),
      "Language models: CSV file of multiple-choice questions (as manyshot evaluate --knowledge takes), answered "
      "before the first step and after the last.");
    v("knowledge_questions", self.knowledge_questions, at_least(0),
      "So many of these questions, spread evenly over the file; 0: all.");
    v("perplexity", self.perplexity, any_value(),
      "Language models: text file whose perplexity is measured before the first step and after the last.");
  }
};

struct Recipe {
  uint64_t seed = 0;
  ModelRecipe model;
  CompactRecipe compact;
  LoraRecipe lora;
  CheckpointRecipe checkpoint;
  EvaluateRecipe evaluate;
  std::vector<StageRecipe> stages;

  // The last stage that holds data out; nothing if none does.
  std::optional<size_t> validation_stage() const;
  BestMetric best_metric() const;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("seed", self.seed, any_value(), "Seed of every random choice; the same seed gives the same bytes.");
    visit_section(self.model, v, "model.");
    visit_section(self.compact, v, "compact.");
    visit_section(self.lora, v, "lora.");
    visit_section(self.checkpoint, v, "checkpoint.");
    visit_section(self.evaluate, v, "evaluate.");
  }

 private:
  template <class Section, class Visitor>
  static void visit_section(Section& section, Visitor& v, const char* prefix) {
    OptionSection<Visitor> prefixed{v, prefix};
    std::remove_const_t<Section>::visit(section, prefixed);
  }
};

// Reads and checks a recipe; each of `changes` is "key=value", a stage's keys being stage.NAME.key (or stage.0.key).
// Throws Error(kBadInput) naming file, line and the nearest key for a key that does not exist, for values outside
// their limits, and for keys that contradict each other; kCorruptFile for text that is no TOML; and what read_file
// throws.
Recipe read_recipe(const std::string& path, std::span<const std::string> changes = {});
Recipe parse_recipe(std::string_view text, const std::string& path, std::span<const std::string> changes = {});

// Everything resolved, as it is saved with a run: {"seed": 0, "model.base": …, "stages": [{…}]}.
Json to_json(const Recipe& recipe);

// Markdown tables of all keys, for docs/formats/recipe.md.
std::string recipe_keys_markdown();
// {"file": […], "stage": […]} as options_json() has them.
Json recipe_keys_json();

// The first key that a run cannot change when it is resumed and that differs, with both values; nothing if there is
// none. `saved` is what to_json() gave. Keys of [checkpoint] and [evaluate] may differ.
std::string find_changed_key(const Json& saved, const Json& now);

}  // namespace manyshot::train
