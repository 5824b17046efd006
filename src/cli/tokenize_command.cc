#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/open_text.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {

struct TokenizeOptions {
  std::string model;
  std::string file;
  bool special = false;
  bool decode = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Input");
    v("model", self.model, any_value().required(),
      "Language model: an installed name, a folder with tokenizer.json, or a .gguf file.");
    v("file", self.file, any_value(),
      "Text to tokenize, line by line; may stand without the flag. Without it standard input.");
    v("special", self.special, any_value(), "Recognise special tokens such as <|im_start|> in the text.");
    v("decode", self.decode, any_value(), "The other way round: from token ids, a list a line, to their text.");
  }
};

// The token ids of a line: "[380, 12]", "380,12" or "380 12".
std::vector<TokenId> parse_ids(std::string_view line, const std::string& where) {
  constexpr std::string_view kBetween = "[], \t\r";
  std::vector<TokenId> ids;
  for (size_t begin = line.find_first_not_of(kBetween); begin != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kBetween, begin), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    const auto id = parse_exact<TokenId>(word);
    if (!id) {
      fail(ErrorKind::kBadInput, "{}: \"{}\" is no token id; a line holds numbers such as [380, 12]", where,
           excerpt(word));
    }
    ids.push_back(*id);
    begin = line.find_first_not_of(kBetween, end);
  }
  return ids;
}

class TokenizeCommand : public Command {
 public:
  std::string name() const override { return "tokenize"; }
  std::string summary() const override { return "token ids of each line of a text"; }
  std::string details() const override {
    return "Prints one JSON array of token ids per input line (without its line end), as the model's own tokenizer "
           "makes them; with --decode the text of one such list per line, special tokens included.";
  }
  std::string examples() const override {
    return "    manyshot tokenize --model smollm2 prompt.txt\n"
           "    echo '380,nurse|0' | manyshot tokenize --model ./my-model\n"
           "    echo '[1272,8010]' | manyshot tokenize --model smollm2 --decode\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "file"; }

  void run(const CommonOptions& common) override {
    const std::string path = resolve_model(options_.model);
    // A folder may hold a tokenizer.json and nothing else.
    const Tokenizer tokenizer(read_model_tokenizer(language_model_path(path).value_or(path)));
    std::ifstream file;
    if (!options_.file.empty()) file = open_text(options_.file);
    std::istream& input = options_.file.empty() ? std::cin : file;
    const std::string source = options_.file.empty() ? "standard input" : options_.file;
    uint64_t lines = 0, tokens = 0;
    for (std::string line; std::getline(input, line);) {
      ++lines;
      const std::vector<TokenId> ids = options_.decode ? known_ids(tokenizer, line, fmt::format("{}:{}", source, lines))
                                                       : tokenizer.encode(line, options_.special);
      tokens += ids.size();
      fmt::print("{}\n", options_.decode ? tokenizer.decode(ids) : Json(ids).dump());
    }
    if (common.json) print_summary(*this, {{"lines", lines}, {"tokens", tokens}}, stderr);
  }

 private:
  static std::vector<TokenId> known_ids(const Tokenizer& tokenizer, const std::string& line, const std::string& where) {
    const std::vector<TokenId> ids = parse_ids(line, where);
    for (const TokenId id : ids) {
      if (id >= 0 && static_cast<size_t>(id) < tokenizer.vocab_size()) continue;
      fail(ErrorKind::kBadInput, "{}: token {} is not among the tokenizer's 0 to {}; the ids are another model's",
           where, id, tokenizer.vocab_size() - 1);
    }
    return ids;
  }

  TokenizeOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_tokenize_command() { return std::make_unique<TokenizeCommand>(); }

}  // namespace manyshot
