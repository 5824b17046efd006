#include <cstdio>
#include <fstream>
#include <iostream>

#include "cli/command.h"
#include "core/error.h"
#include "core/json.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {

struct TokenizeOptions {
  std::string model;
  std::string file;
  bool special = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("model", self.model, any_value(),
      "Language model: an installed name, a folder with tokenizer.json, or a .gguf file.");
    v("file", self.file, any_value(),
      "Text to tokenize, line by line; may stand without the flag. Without it standard input.");
    v("special", self.special, any_value(), "Recognise special tokens such as <|im_start|> in the text.");
  }
};

class TokenizeCommand : public Command {
 public:
  std::string name() const override { return "tokenize"; }
  std::string summary() const override { return "token ids of each line of a text"; }
  std::string details() const override {
    return "Prints one JSON array of token ids per input line (without its line end), as the model's own tokenizer "
           "makes them.";
  }
  std::string examples() const override {
    return "    manyshot tokenize --model smollm2 prompt.txt\n"
           "    echo '380,nurse|0' | manyshot tokenize --model ./my-model\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "file"; }

  void run(const CommonOptions&) override {
    if (options_.model.empty())
      fail(ErrorKind::kBadInput, "--model is needed: whose tokenizer; see manyshot tokenize --help");
    const std::string path = resolve_model(options_.model);
    // A folder may hold a tokenizer.json and nothing else.
    const Tokenizer tokenizer(read_model_tokenizer(language_model_path(path).value_or(path)));
    std::ifstream file;
    if (!options_.file.empty()) {
      file.open(options_.file, std::ios::binary);
      if (!file) fail(ErrorKind::kNotFound, "{}: cannot open this file; check the path", options_.file);
    }
    std::istream& input = options_.file.empty() ? std::cin : file;
    for (std::string line; std::getline(input, line);)
      fmt::print("{}\n", Json(tokenizer.encode(line, options_.special)).dump());
  }

 private:
  TokenizeOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_tokenize_command() { return std::make_unique<TokenizeCommand>(); }

}  // namespace manyshot
