// A training recipe: one TOML file that says which model is trained on what, how, and what is kept
// (docs/formats/recipe.md). Declared once here; the file reader, --set, the table of keys and the copy saved with a
// run are made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/options.h"
#include "corpus/options.h"

namespace manyshot {

struct ModelRecipe {
  std::string base = "fresh";
  std::string config;
  std::string parameters = "auto";
  std::string dtype = "auto";

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("base", self.base, any_value(),
      "The model to train: an installed name, a folder (Llama or Qwen2, or a compact model, whose sizes [compact] then "
      "does not change), a .gguf file; or fresh.");
    v("config", self.config, any_value(),
      "For base = \"fresh\": a folder with config.json (and, for a language model, tokenizer.json), or a config.json; "
      "nothing: the compact decoder of [compact].");
    v("parameters", self.parameters, one_of({"auto", "lora", "full"}),
      "What is trained: LoRA factors beside frozen weights, or all weights. auto: lora for a language model that "
      "exists, else full.");
    v("dtype", self.dtype, one_of({"auto", "float32", "bfloat16"}),
      "Number type of the products; masters, gradients and sums are f32. auto: bfloat16 where the processor has it.");
  }
};

// Sizes of a fresh compact decoder (docs/formats/compact.md).
struct CompactRecipe {
  int hidden_size = 128;
  int intermediate_size = 352;
  int num_attention_heads = 4;
  int num_hidden_layers = 8;
  int row_layers = 3;
  int num_key_value_heads = 4;
  bool all_labels = true;
  double residual_decay = 1;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("hidden_size", self.hidden_size, between(16, 65536), "Width; a multiple of 16.");
    v("intermediate_size", self.intermediate_size, between(1, 1 << 20), "Width inside the MLP.");
    v("num_attention_heads", self.num_attention_heads, between(1, 1024), "Heads; they divide the width.");
    v("num_hidden_layers", self.num_hidden_layers, between(2, 1024), "Layers, the row layers among them.");
    v("row_layers", self.row_layers, between(1, 1023), "The first layers, which see their own row only.");
    v("num_key_value_heads", self.num_key_value_heads, between(1, 1024),
      "Heads of keys and values; they divide the heads.");
    v("all_labels", self.all_labels, any_value(),
      "The softmax is over all label tokens; else over those that the task's labelled rows have.");
    v("residual_decay", self.residual_decay, between(0.1, 1),
      "Scale of the residual stream before each further layer.");
  }
};

struct LoraRecipe {
  int rank = 8;
  double alpha = 16;
  std::vector<std::string> targets = {"all-linear"};
  double dropout = 0;
  bool rslora = false;
  std::string adapter;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("rank", self.rank, between(1, 4096), "Rank of the update (Hu et al. 2021).");
    v("alpha", self.alpha, at_least(0), "The update is scaled by alpha / rank, or alpha / sqrt(rank) with rslora.");
    v("targets", self.targets, any_value(), "Linear layers by name (q_proj, down_proj, …), or all-linear.");
    v("dropout", self.dropout, between(0, 0.99), "Dropout before the first factor.");
    v("rslora", self.rslora, any_value(), "Rank-stabilised scale (Kalajdzievski 2023).");
    v("adapter", self.adapter, any_value(), "Folder of an adapter to continue; rank, alpha and targets are its own.");
  }
};

struct StageRecipe {
  std::string name;
  std::string data = "live";
  std::string path;
  std::string chat = "auto";
  std::string too_long = "skip";
  int64_t max_tokens = 32'000;
  std::string loss = "answer";
  int64_t steps = 0;
  int64_t tasks = 0;
  int batch = 8;
  int accumulation = 1;
  std::string optimizer = "adamw";
  double learning_rate = 1e-4;
  double vector_learning_rate = 0;
  std::string schedule = "cosine";
  double final_fraction = 0;
  int64_t warmup_steps = 0;
  double warmup_ratio = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double momentum = 0.95;
  double weight_decay = 0;
  double clip = 1;
  double ema = 0;
  std::vector<std::string> grow;
  CorpusOptions corpus;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("name", self.name, any_value(),
      "Name of the stage in messages, in the run's files and for --set stage.NAME.key.");
    v("data", self.data, one_of({"live", "tokens", "alpaca", "messages", "text"}),
      "live: tasks drawn on the fly; tokens: token files of manyshot corpus; alpaca, messages, text: JSON lines.");
    v("path", self.path, any_value(), "File or folder of the data; live needs none.");
    v("chat", self.chat, one_of({"auto", "raw", "chatml", "trained", "llama3"}),
      "How JSON lines are wrapped; auto: as the tokenizer's special tokens suggest. trained: the published "
      "training's.");
    v("too_long", self.too_long, one_of({"skip", "cut", "stop"}),
      "JSON lines and token files with more than max_tokens: left out, cut at the end, or an error.");
    v("max_tokens", self.max_tokens, between(16, 1 << 20), "Longest sample of a language model, in tokens.");
    v("loss", self.loss, one_of({"answer", "labels", "dense"}),
      "answer: every token of the answers; labels: their label tokens only; dense: also the label of every labelled "
      "row, given the rows before it.");
    v("steps", self.steps, at_least(0), "Optimiser steps of the stage; or give tasks.");
    v("tasks", self.tasks, at_least(0), "Samples of the stage, in place of steps: rounded up to whole steps.");
    v("batch", self.batch, between(1, 1 << 20), "Samples that one process takes at once.");
    v("accumulation", self.accumulation, between(1, 1 << 20),
      "Batches that one process adds up before a step. A step sees batch x accumulation x processes samples.");
    v("optimizer", self.optimizer, one_of({"adamw", "muon", "schedule-free"}),
      "adamw; muon: orthogonalised momentum for matrices, adamw for the rest; schedule-free: adamw that needs no "
      "schedule.");
    v("learning_rate", self.learning_rate, at_least(0), "Of a step at the schedule's top; with muon, of the matrices.");
    v("vector_learning_rate", self.vector_learning_rate, at_least(0),
      "With muon: of embeddings and norms, which adamw updates; 0: as learning_rate.");
    v("schedule", self.schedule, one_of({"cosine", "linear", "constant"}),
      "How the learning rate falls after warm-up.");
    v("final_fraction", self.final_fraction, between(0, 1), "Of the learning rate, at the last step.");
    v("warmup_steps", self.warmup_steps, at_least(0), "Steps over which the learning rate rises from 0.");
    v("warmup_ratio", self.warmup_ratio, between(0, 1), "The same as a share of the stage's steps.");
    v("beta1", self.beta1, between(0, 1), "adamw: decay of the gradient's mean.");
    v("beta2", self.beta2, between(0, 1), "adamw: decay of its square.");
    v("momentum", self.momentum, between(0, 1), "muon: Nesterov momentum.");
    v("weight_decay", self.weight_decay, at_least(0), "Decoupled; of matrices, per unit of learning rate.");
    v("clip", self.clip, at_least(0), "Largest norm of the gradient; larger ones are scaled down. 0: none.");
    v("ema", self.ema, between(0, 1),
      "Decay of an average of the weights, which is what checkpoints then hold for use; 0: none.");
    v("grow", self.grow, any_value(),
      "Changes of the corpus as the stage goes on: [\"0: shots=8:64 features=2:8\", \"0.1: shots=8:256\"], each from "
      "that share of the steps.");
    OptionSection<Visitor> section{v, "corpus."};
    CorpusOptions::visit(self.corpus, section);
  }

  // Optimiser steps when `world_size` processes take part.
  int64_t num_steps(int world_size) const;
};

struct CheckpointRecipe {
  int64_t every_steps = 0;
  double every_minutes = 20;
  int keep_last = 2;
  std::string best_metric = "eval_loss";

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("every_steps", self.every_steps, at_least(0), "Steps between checkpoints; 0: by time only.");
    v("every_minutes", self.every_minutes, at_least(0), "Minutes between checkpoints; 0: by steps only.");
    v("keep_last", self.keep_last, at_least(1), "Newest checkpoints that stay.");
    v("best_metric", self.best_metric, any_value(),
      "The checkpoint that is best by this number of the evaluations stays too: eval_loss, eval_accuracy, "
      "table_accuracy, table_log_loss, or nothing.");
  }
};

struct EvaluateRecipe {
  int64_t every_steps = 0;
  int tasks = 32;
  std::vector<std::string> shots = {"8", "32", "128", "512"};
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
    v("shots", self.shots, any_value(), "Numbers of labelled rows to evaluate at.");
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

// The first key that a run cannot change when it is resumed and that differs, with both values; nothing if there is
// none. `saved` is what to_json() gave. Keys of [checkpoint] and [evaluate] may differ.
std::string find_changed_key(const Json& saved, const Json& now);

}  // namespace manyshot
