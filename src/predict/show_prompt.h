// `manyshot prompt`: the prompt of a task, as the model sees it.
#pragma once

#include <string>

#include "predict/predictor.h"
#include "predict/task_tables.h"

namespace manyshot {

struct PromptOptions : TaskOptions {
  std::string model = "default";
  std::string layout = "text";
  int queries = 50;
  int member = 0;
  std::string format = "auto";
  std::string chat = "auto";
  std::string compat = "paper";
  std::string labels = "ids";
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("model", self.model, any_value(),
      "default, an installed model such as smollm2, a model folder, or a .gguf file.");
    v("layout", self.layout, one_of({"text", "tokens", "alpaca", "messages"}), "What is written.");
    v("queries", self.queries, at_least(1), "Rows of the test table to show, from the first on.");
    v("member", self.member, between(0, 255), "Which ensemble member's view to show.");
    v("out", self.out, any_value(), "File to write; without it standard output.");
    TaskOptions::visit(self, v);
    visit_prompt_form(self, v);
  }
};

// The prompt, with a line end behind it. Labelled rows, view and refusals are those of predict; where predict's
// ensemble has fewer members than options.member, it is taken to be larger. Only the tokenizer and the configuration of
// a language model are read, not its weights. Throws Error as predict does, and Error(kBadInput) for a baseline.
std::string show_prompt(const PromptOptions& options);

}  // namespace manyshot
