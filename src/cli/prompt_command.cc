#include <cstdio>

#include "cli/command.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/log.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"
#include "predict/show_prompt.h"

namespace manyshot {
namespace {

class PromptCommand : public Command {
 public:
  std::string name() const override { return "prompt"; }
  std::string summary() const override { return "exactly what a model sees of a task"; }
  std::string details() const override {
    return "Writes the prompt that predict would give the model: labelled rows, queries, and for a language model the "
           "chat wrapping. text: as the model reads it (for compact models a readable form of its tokens, of a number "
           "to predict its code). tokens: a "
           "JSON array of token ids. alpaca and messages: one line of JSON with instruction, input and output, or with "
           "chat messages; the output has the true labels when the test table has the target. Options that change the "
           "prompt are those of predict.";
  }
  std::string examples() const override {
    return "    manyshot prompt --model smollm2 --train train.csv --test test.csv --target species --shots 8 --queries "
           "2\n"
           "    manyshot prompt --model smollm2 --train train.csv --test test.csv --target species --layout alpaca "
           "--out task.jsonl\n"
           "    manyshot prompt --train train.csv --test test.csv --target species --shots 8 --queries 1\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    const std::string text = show_prompt(options_);
    OutputFile out(options_.out.empty() ? "/dev/stdout" : options_.out);
    out.write(text);
    out.commit();
    if (common.json) print_summary(*this, {{"bytes", text.size()}}, summary_stream(options_.out));
  }

 private:
  PromptOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_prompt_command() { return std::make_unique<PromptCommand>(); }

}  // namespace manyshot
