#include <algorithm>
#include <deque>
#include <fstream>

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
#include "predict/score_prompts.h"

namespace manyshot {
namespace {

constexpr uint64_t kShownLines = 10;  // lines that cannot be scored, of those that are named

struct ScoreOptions {
  LanguageModelOptions language;
  std::string in;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    LanguageModelOptions::visit(self.language, v);
    option_heading(v, "Input and output");
    v("in", self.in, any_value().required(), "JSON lines: {\"prompt\": text, \"continuations\": [text, …]}.");
    v("out", self.out, any_value(),
      "The same lines with \"logprobs\" and \"tokens\" added; without it standard output.");
  }
};

// A line of the input, from when it is read until it is answered.
struct RequestLine {
  uint64_t number = 0;         // from 1
  Json json = Json::object();  // empty where the line is no JSON object
};

// Reads requests line by line.
class RequestReader {
 public:
  explicit RequestReader(const std::string& path) : file_(open_text(path)) {}

  // Throws Error(kBadInput) for a line that is no request; take() gives it too.
  bool next(ScoreRequest& request) {
    std::string text;
    do {
      if (!std::getline(file_, text)) return false;
      ++line_;
    } while (text.find_first_not_of(" \t\r") == std::string::npos);
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    waiting_.push_back({.number = line_, .json = json.is_object() ? json : Json::object()});
    const bool fits = json.is_object() && json.contains("prompt") && json["prompt"].is_string() &&
                      json.contains("continuations") && json["continuations"].is_array() &&
                      std::all_of(json["continuations"].begin(), json["continuations"].end(),
                                  [](const Json& c) { return c.is_string(); });
    if (!fits) {
      fail(ErrorKind::kBadInput, "expected {{\"prompt\": text, \"continuations\": [text, …]}}, found {}",
           excerpt(text));
    }
    request.prompt = json["prompt"];
    request.continuations = json["continuations"].get<std::vector<std::string>>();
    return true;
  }

  RequestLine take() {
    RequestLine line = std::move(waiting_.front());
    waiting_.pop_front();
    return line;
  }

 private:
  std::ifstream file_;
  uint64_t line_ = 0;
  std::deque<RequestLine> waiting_;  // read and not yet answered: two at most
};

class ScoreCommand : public Command {
 public:
  std::string name() const override { return "score"; }
  std::string summary() const override { return "log-likelihoods of continuations behind prompts"; }
  std::string details() const override {
    return "Adds to each line \"logprobs\", the summed natural log-probabilities of each continuation, and \"tokens\", "
           "how many tokens it has. What neighbouring prompts share is computed once. A line that cannot be scored has "
           "\"error\" instead; it is named, the others are answered, and the exit code is 2.";
  }
  std::string examples() const override {
    return "    manyshot score --model smollm2 --in questions.jsonl --out scored.jsonl\n";
  }
  bool uses_device() const override { return true; }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    const Stopwatch watch;
    uint64_t prompts = 0, continuations = 0;
    RequestReader reader(options_.in);
    OutputFile out(options_.out.empty() ? "/dev/stdout" : options_.out);
    const auto model = options_.language.load(parse_device(common.device));
    Progress progress("score", 0, "prompts");
    uint64_t lines = 0, bad_lines = 0;
    const auto answer = [&](const Json& json) {
      out.write(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
      ++lines;
      progress.add();
    };
    score_prompts(
        *model, [&](ScoreRequest& request) { return reader.next(request); },
        [&](const ScoreRequest&, const std::vector<ContinuationScore>& scores) {
          Json json = reader.take().json;
          json["logprobs"] = Json::array();
          json["tokens"] = Json::array();
          for (const ContinuationScore& score : scores) {
            json["logprobs"].push_back(score.log_prob);
            json["tokens"].push_back(score.num_tokens);
          }
          ++prompts;
          continuations += scores.size();
          answer(json);
        },
        [&](const Error& error) {
          RequestLine line = reader.take();
          if (++bad_lines <= kShownLines) {
            log::write(log::Level::kError, fmt::format("{}:{}: {}", options_.in, line.number, error.what()));
          }
          line.json["error"] = error.what();
          answer(line.json);
        });
    out.commit();
    if (common.json) {
      print_summary(*this, {{"prompts", prompts}, {"continuations", continuations}, {"seconds", watch.seconds()}},
                    summary_stream(options_.out));
    }
    if (bad_lines > 0) {
      fail(ErrorKind::kBadInput, "{}: {} of {} lines could not be scored; they have \"error\" in place of \"logprobs\"",
           options_.in, bad_lines, lines);
    }
  }

 private:
  ScoreOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_score_command() { return std::make_unique<ScoreCommand>(); }

}  // namespace manyshot
