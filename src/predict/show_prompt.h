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
    v("format", self.format, one_of({"auto", "compact", "concat", "tabllm"}),
      "Prompt format; auto: compact for compact models, concat for language models.");
    v("chat", self.chat, one_of({"auto", "raw", "chatml", "trained"}),
      "How a text prompt is wrapped; auto: ChatML where the tokenizer has its tokens, else raw.");
    v("compat", self.compat, one_of({"paper", "repo"}),
      "Numbers in text prompts: as the paper says, or as its published code writes them.");
    v("labels", self.labels, one_of({"ids", "names"}),
      "Classes in text prompts: numbers from 0, as the paper has it, or their names.");
  }
};

// The prompt, with a line end behind it. Only the tokenizer and the configuration of a language model are read, not its
// weights. Throws Error as predict does.
std::string show_prompt(const PromptOptions& options);

}  // namespace manyshot
