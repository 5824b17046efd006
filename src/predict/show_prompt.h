// `manyshot prompt`: the prompt of a task, as the model sees it.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "predict/predictor.h"
#include "predict/task_tables.h"

namespace manyshot {

// What is written of a prompt.
enum class PromptOutput {
  kText,      // as the model reads it; of compact models a readable form
  kTokens,    // JSON: token ids
  kAlpaca,    // JSON: instruction, input, output
  kMessages,  // JSON: chat messages
};
constexpr auto names_of(PromptOutput) {
  return std::to_array<Named<PromptOutput>>({{PromptOutput::kText, "text"},
                                             {PromptOutput::kTokens, "tokens"},
                                             {PromptOutput::kAlpaca, "alpaca"},
                                             {PromptOutput::kMessages, "messages"}});
}

struct PromptOptions {
  TaskOptions task{.kind = TaskKind::kAuto};
  PromptForm form;
  TeacherOptions teacher;
  std::string model = "default";
  PromptOutput layout = PromptOutput::kText;
  int queries = 50;
  std::optional<int> ensemble;
  int member = 0;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    TaskOptions::visit(self.task, v);
    option_heading(v, "Input");
    v("task", self.task.kind, any_value(), kTaskKindHelp);
    option_heading(v, "Model");
    v("model", self.model, any_value(),
      "default, an installed model such as smollm2, a model folder, or a .gguf file.");
    v("ensemble", self.ensemble, at_least(1).unset_as("auto"),
      "Members of the ensemble, as predict has it: those of a language model may share out the labelled rows.");
    v("member", self.member, between(0, 255), "Which ensemble member's view to show.");
    TeacherOptions::visit(self.teacher, v);
    PromptForm::visit(self.form, v);
    option_heading(v, "Output");
    v("out", self.out, any_value(), "File to write; without it standard output.");
    v("layout", self.layout, any_value(), "What is written.");
    v("queries", self.queries, at_least(1), "Rows of the test table to show, from the first on.");
  }
};

// The prompt, with a line end behind it. Labelled rows, view and refusals are those of predict; where predict's
// ensemble has fewer members than options.member, it is taken to be larger. Only the tokenizer and the configuration of
// a language model are read, not its weights. Throws Error as predict does, and Error(kBadInput) for a baseline.
std::string show_prompt(const PromptOptions& options);
// The same of tables that are open, read with options.task.
std::string show_prompt(const PromptOptions& options, const TrainingTable& train, QueryReader& queries);

}  // namespace manyshot
