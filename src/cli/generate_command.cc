#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <numeric>

#include "cli/command.h"
#include "cli/language_model_options.h"
#include "cli/open_text.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "generate/generator.h"
#include "generate/prompt_tokens.h"

namespace manyshot {
namespace {

constexpr uint64_t kShownLines = 10;  // lines without a text, of those that are named

struct GenerateCommandOptions {
  LanguageModelOptions language;
  std::string prompt;
  std::string in;
  std::optional<ChatWrapping> chat;
  std::string system;
  int samples = 1;
  GenerateOptions generate;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    LanguageModelOptions::visit(self.language, v);
    option_heading(v, "Prompts");
    v("prompt", self.prompt, any_value(), "Text to go on with; without it and --in, standard input is the prompt.");
    v("in", self.in, any_value(),
      "JSON lines: {\"prompt\": text} or {\"messages\": [{\"role\": \"user\", \"content\": text}, …]}.");
    v("chat", self.chat, any_value().unset_as("auto"),
      "What stands around messages. A prompt is then a message of the user. auto: a prompt is plain text unless "
      "--system is given; messages are wrapped in the special tokens that the tokenizer has.");
    v("system", self.system, any_value(), "System message before prompts, and before messages without one.");
    GenerateOptions::visit(self.generate, v);
    v("samples", self.samples, between(1, 1'000'000), "Texts for each prompt, drawn independently.");
    option_heading(v, "Output");
    v("out", self.out, any_value(),
      "JSON lines with \"text\", \"tokens\", \"logprob\" and \"finish_reason\" added, a line a text; without it "
      "standard output.");
  }
};

// A prompt of the input, until its texts are written out.
struct PromptLine {
  uint64_t number = 0;         // of its line, from 1
  Json json = Json::object();  // empty where the line is no JSON object
  std::vector<TokenId> tokens;
  std::optional<Error> error;  // why there is no text
  std::vector<Generation> texts;
  size_t num_done = 0;
};

std::vector<ChatMessage> messages_of(const Json& json) {
  std::vector<ChatMessage> messages;
  for (const Json& message : json) {
    if (!message.is_object() || !message.value("role", Json()).is_string() ||
        !message.value("content", Json()).is_string()) {
      fail(ErrorKind::kBadInput, "message {} is not as expected: {{\"role\": text, \"content\": text}}",
           messages.size() + 1);
    }
    messages.push_back({message["role"], message["content"]});
  }
  return messages;
}

// Prompts as tokens.
class PromptReader {
 public:
  PromptReader(const GenerateCommandOptions& options, const Tokenizer& tokenizer)
      : options_(options), tokenizer_(tokenizer), wrapping_(choose_wrapping(options.chat, tokenizer)) {}

  PromptLine plain(const std::string& text) const {
    PromptLine line{.json = {{"prompt", text}}};
    line.tokens = tokens_of(line.json);
    return line;
  }

  // What a line is to blame for becomes its error.
  std::vector<PromptLine> read_lines(const std::string& path) const {
    std::ifstream file = open_text(path);
    std::vector<PromptLine> lines;
    uint64_t number = 0;
    for (std::string text; std::getline(file, text);) {
      ++number;
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      PromptLine line{.number = number};
      try {
        Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
        const bool fits =
            json.is_object() && (json.value("prompt", Json()).is_string() || json.value("messages", Json()).is_array());
        if (json.is_object()) line.json = std::move(json);
        if (!fits) {
          fail(ErrorKind::kBadInput,
               "expected {{\"prompt\": text}} or {{\"messages\": [{{\"role\": text, \"content\": text}}, …]}}, "
               "found {}",
               excerpt(text));
        }
        line.tokens = tokens_of(line.json);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kBadInput) throw;
        line.error = error;
      }
      lines.push_back(std::move(line));
    }
    if (lines.empty()) fail(ErrorKind::kBadInput, "{}: has no lines; give a prompt on each", path);
    return lines;
  }

 private:
  std::vector<TokenId> tokens_of(const Json& json) const {
    const bool is_chat = !json.contains("prompt") || options_.chat || !options_.system.empty();
    if (!is_chat) return prompt_tokens(json["prompt"].get_ref<const std::string&>(), tokenizer_);
    std::vector<ChatMessage> messages =
        json.contains("prompt") ? std::vector<ChatMessage>{{"user", json["prompt"]}} : messages_of(json["messages"]);
    const bool has_system = !messages.empty() && messages.front().role == "system";
    if (!options_.system.empty() && !has_system) messages.insert(messages.begin(), {"system", options_.system});
    return chat_tokens(messages, wrapping_, tokenizer_);
  }

  const GenerateCommandOptions& options_;
  const Tokenizer& tokenizer_;
  ChatWrapping wrapping_;
};

Json text_json(const PromptLine& line, size_t sample, bool has_samples) {
  const Generation& text = line.texts[sample];
  Json json = line.json;
  if (has_samples) json["sample"] = sample;
  json["text"] = text.text;
  json["tokens"] = text.tokens;
  json["logprob"] = std::accumulate(text.log_probs.begin(), text.log_probs.end(), 0.0);
  json["finish_reason"] = name_of(text.finish_reason);
  return json;
}

class GenerateCommand : public Command {
 public:
  std::string name() const override { return "generate"; }
  std::string summary() const override { return "text that a language model writes behind prompts"; }
  std::string details() const override {
    return "With one prompt the text appears as it is written. With --in, --out or several --samples it comes as JSON "
           "lines, in the order of the prompts; many are written at a time, and what prompts begin with alike is read "
           "once. A text depends on the model, its prompt, the options and its place in the output alone: not on "
           "threads, nor on what is written beside it. A line that cannot be answered has \"error\" instead; it is "
           "named, the others are answered, and the exit code is 2.";
  }
  std::string examples() const override {
    return "    manyshot generate --model smollm2 --prompt 'The three primary colours are' --max-tokens 20\n"
           "    manyshot generate --model smollm2 --chat chatml --prompt 'Name three birds.' --temperature 0.7 --seed "
           "1\n"
           "    manyshot generate --model smollm2 --in prompts.jsonl --samples 4 --temperature 1 --top-p 0.9 --out "
           "texts.jsonl\n";
  }
  bool uses_device() const override { return true; }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    options_.generate.validate();
    if (!options_.prompt.empty() && !options_.in.empty()) {
      fail(ErrorKind::kBadInput, "--prompt and --in are both given; give one of them");
    }
    const auto model = options_.language.load(parse_device(common.device));
    language_model_of(*model);  // or there is no tokenizer either
    const PromptReader reader(options_, *model->tokenizer());
    const Stopwatch watch;
    if (options_.in.empty() && options_.out.empty() && options_.samples == 1) {
      write_to_terminal(*model, reader.plain(single_prompt()).tokens);
    } else {
      std::vector<PromptLine> lines;
      if (options_.in.empty()) lines.push_back(reader.plain(single_prompt()));
      write_lines(*model, options_.in.empty() ? std::move(lines) : reader.read_lines(options_.in));
    }
    tell_counts(common, watch.seconds());
    if (bad_lines_ > 0) {
      fail(ErrorKind::kBadInput, "{}: {} of {} lines could not be answered; they have \"error\" in place of \"text\"",
           options_.in, bad_lines_, prompts_ + bad_lines_);
    }
  }

 private:
  std::string single_prompt() const {
    if (!options_.prompt.empty()) return options_.prompt;
    std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    if (text.ends_with('\n')) text.pop_back();
    return text;
  }

  void count(const Generation& text) {
    ++texts_;
    tokens_ += text.tokens.size();
  }

  void write_to_terminal(const Model& model, std::vector<TokenId> prompt) {
    Generator generator(model);
    prompts_ = 1;
    prompt_tokens_ = prompt.size();
    generator.add({.prompt = std::move(prompt),
                   .options = options_.generate,
                   .on_text =
                       [](std::string_view piece, const Generation&) {
                         fmt::print("{}", piece);
                         std::fflush(stdout);
                       },
                   .on_done = [this](const Generation& text) { count(text); }});
    while (generator.step()) {
    }
    fmt::print("\n");
  }

  void write_lines(const Model& model, std::vector<PromptLine> lines) {
    OutputFile out(options_.out.empty() ? "/dev/stdout" : options_.out);
    Generator generator(model);
    const auto samples = static_cast<size_t>(options_.samples);
    Progress progress("generate", lines.size() * samples, "texts");
    for (size_t i = 0; i < lines.size(); ++i) {
      PromptLine& line = lines[i];
      line.texts.resize(samples);
      for (size_t sample = 0; sample < samples && !line.error; ++sample) {
        try {
          generator.add({.prompt = line.tokens,
                         .options = options_.generate,
                         .number = i * samples + sample,
                         .on_done = [&, sample](Generation text) {
                           count(text);
                           line.texts[sample] = std::move(text);
                           ++line.num_done;
                           progress.add();
                         }});
        } catch (const Error& error) {
          if (error.kind() != ErrorKind::kBadInput || options_.in.empty()) throw;
          line.error = error;
        }
      }
    }
    size_t num_written = 0;
    do {
      while (num_written < lines.size() && (lines[num_written].error || lines[num_written].num_done == samples)) {
        write_line(lines[num_written++], out);
      }
    } while (generator.step() || num_written < lines.size());
    out.commit();
  }

  void write_line(PromptLine& line, OutputFile& out) {
    const auto write = [&](const Json& json) {
      out.write(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
    };
    if (line.error) {
      if (++bad_lines_ <= kShownLines) {
        log::write(log::Level::kError, fmt::format("{}:{}: {}", options_.in, line.number, line.error->what()));
      }
      line.json["error"] = line.error->what();
      write(line.json);
    } else {
      ++prompts_;
      prompt_tokens_ += line.tokens.size();
      for (size_t sample = 0; sample < line.texts.size(); ++sample) {
        write(text_json(line, sample, /*has_samples=*/options_.samples > 1));
      }
    }
    line = {};
  }

  void tell_counts(const CommonOptions& common, double seconds) {
    const double rate = static_cast<double>(tokens_) / seconds;
    if (common.json) {
      print_summary(*this,
                    {{"prompts", prompts_},
                     {"texts", texts_},
                     {"prompt_tokens", prompt_tokens_},
                     {"tokens", tokens_},
                     {"seconds", seconds},
                     {"tokens_per_second", rate}},
                    summary_stream(options_.out));
    } else {
      log::info("{} tokens behind {} prompt tokens in {:.1f} s, {:.1f} tokens/s", tokens_, prompt_tokens_, seconds,
                rate);
    }
  }

  GenerateCommandOptions options_;
  uint64_t prompts_ = 0, bad_lines_ = 0, texts_ = 0, prompt_tokens_ = 0, tokens_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_generate_command() { return std::make_unique<GenerateCommand>(); }

}  // namespace manyshot
