// What `manyshot lab run` is asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "lab/augment/model_augmenter.h"
#include "lab/augment/rule_augmenter.h"
#include "lab/run/condition.h"
#include "lab/run/context_text.h"

namespace manyshot::lab {

// What conditions that train have in common.
enum class Match {
  kSteps,   // optimiser steps, those of `passes` over the documents: the same number of presentations
  kPasses,  // passes over their own texts
};
constexpr auto names_of(Match) {
  return std::to_array<Named<Match>>({{Match::kSteps, "steps"}, {Match::kPasses, "passes"}});
}

struct TuningOptions {
  Tuning tuning = Tuning::kLora;
  int rank = 32;
  double learning_rate = 0;
  int batch = 16;
  double passes = 20;
  int64_t steps = 0;
  Match match = Match::kSteps;
  int64_t text_tokens = 1024;
  int curve_points = 4;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Training");
    v("tuning", self.tuning, any_value(), "LoRA factors beside frozen weights, or all weights.");
    v("rank", self.rank, between(1, 4096), "Rank of LoRA; its alpha is twice that.");
    v("learning_rate", self.learning_rate, at_least(0), "Of AdamW at the top; 0: 1e-3 for lora, 1e-4 for full.");
    v("batch", self.batch, between(1, 1 << 16), "Texts of an optimiser step.");
    v("passes", self.passes, between(0.01, 1e5), "Passes over the documents, when no steps are given.");
    v("steps", self.steps, at_least(0), "Optimiser steps, in place of passes.");
    v("match", self.match, any_value(),
      "What conditions that train have in common: steps, so that each sees as many texts; or passes over its own "
      "texts.");
    v("text_tokens", self.text_tokens, between(16, 1 << 20), "Longest training text in tokens; longer ones are cut.");
    v("curve_points", self.curve_points, between(0, 100),
      "How often the questions are asked while training goes on, for the learning curve.");
  }
};

struct LabOptions {
  std::vector<std::string> data;
  std::string model = "smollm2";
  std::vector<std::string> conditions = {"none", "finetune", "context", "augmented"};
  std::vector<uint64_t> seeds = {0, 1, 2};
  std::string other_text;
  TuningOptions tuning;
  ContextOptions context;
  std::string augmenter = "rules";
  RuleOptions rules;
  WriterOptions writer;
  std::string knowledge;
  int knowledge_questions = 200;
  std::string perplexity;
  bool keep_weights = false;
  std::string out;
  std::string shard = "0/1";

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "What is compared");
    v("data", self.data, any_value(), "Folders that lab make wrote.");
    v("model", self.model, any_value(),
      "A language model: an installed name, a folder, a .gguf file; for conditions without training also openai:NAME, "
      "an endpoint.");
    v("conditions", self.conditions, any_value(),
      "What the model is given: none, finetune, context, augmented, augmented-context, reversed, shuffled, irrelevant; "
      "with settings behind colons: finetune:split=independent, augmented:augment=local+global, finetune:replay=0.2, "
      "finetune:tuning=full, finetune:together=yes.");
    v("seeds", self.seeds, any_value(),
      "Each condition is run once for each seed: of training, and of the order of documents.");
    v("other_text", self.other_text, any_value(),
      "Ordinary text (.txt, .md, or .jsonl with \"text\") for the condition irrelevant and for replay.");
    TuningOptions::visit(self.tuning, v);
    ContextOptions::visit(self.context, v);
    option_heading(v, "Augmentation");
    v("augmenter", self.augmenter, any_value(),
      "Who writes: rules, which know the facts; a language model by name, folder or file; or openai:NAME.");
    RuleOptions::visit(self.rules, v);
    WriterOptions::visit(self.writer, v);
    option_heading(v, "Side effects");
    v("knowledge", self.knowledge, any_value(),
      "CSV file of multiple-choice questions (as evaluate --knowledge takes): what the model knew before and after.");
    v("knowledge_questions", self.knowledge_questions, at_least(0), "So many of them, spread over the file; 0: all.");
    v("perplexity", self.perplexity, any_value(), "Text file whose perplexity is measured before and after.");
    option_heading(v, "Output");
    v("out", self.out, any_value(), "Folder of the results; the same command goes on where it ended.");
    v("shard", self.shard, any_value(),
      "Part I/N of the work, for several machines on one folder; auto: as Slurm, Kubernetes, torchrun or srun say. The "
      "same command without --shard then makes the page.");
    v("keep_weights", self.keep_weights, any_value(), "Trained weights stay in the folder.");
  }
};

}  // namespace manyshot::lab
