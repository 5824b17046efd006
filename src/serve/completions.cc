#include "serve/completions.h"

#include <algorithm>

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"
#include "generate/prompt_tokens.h"

namespace manyshot::serve {
namespace {

constexpr int kMostLikeliest = 100;  // tokens told at each place
constexpr int kUsualTokens = 16;     // as OpenAI's API has it

struct Prompt {
  std::vector<TokenId> tokens;
  std::string text;  // what echo gives back
};

bool is_token_list(const Json& json) {
  return json.is_array() && !json.empty() &&
         std::all_of(json.begin(), json.end(), [](const Json& token) { return token.is_number_integer(); });
}

Prompt one_prompt(const Json& json, const Tokenizer& tokenizer) {
  if (json.is_string()) return {prompt_tokens(json.get_ref<const std::string&>(), tokenizer), json};
  if (!is_token_list(json)) refuse_field("prompt", "a text, a list of token ids, or a list of these", json);
  Prompt prompt;
  for (const Json& token : json) {
    const auto id = token.get<int64_t>();
    if (id < 0 || id >= static_cast<int64_t>(tokenizer.vocab_size())) {
      fail(ErrorKind::kBadInput, "\"prompt\": token {} is not among the tokenizer's 0 to {}", id,
           tokenizer.vocab_size() - 1);
    }
    prompt.tokens.push_back(static_cast<TokenId>(id));
  }
  prompt.text = tokenizer.decode(prompt.tokens);
  return prompt;
}

std::vector<Prompt> prompts_of(const RequestFields& fields, const Tokenizer& tokenizer) {
  const Json* field = fields.find("prompt");
  if (field == nullptr)
    fail(ErrorKind::kBadInput, "\"prompt\" is needed: a text, a list of token ids, or a list of these");
  std::vector<Prompt> prompts;
  if (field->is_array() && !is_token_list(*field)) {
    for (const Json& prompt : *field) prompts.push_back(one_prompt(prompt, tokenizer));
    if (prompts.empty()) refuse_field("prompt", "at least one text", *field);
  } else {
    prompts.push_back(one_prompt(*field, tokenizer));
  }
  return prompts;
}

size_t num_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

// The columns of "logprobs" for the tokens of one text.
class LogProbColumns {
 public:
  LogProbColumns(const Tokenizer& tokenizer, size_t num_likeliest)
      : tokenizer_(tokenizer), num_likeliest_(num_likeliest) {}

  // A prompt's first token has no log-probability.
  Json of(const std::vector<TokenId>* prompt, const Generation& part) {
    json_ = {{"tokens", Json::array()},
             {"token_logprobs", Json::array()},
             {"top_logprobs", num_likeliest_ > 0 ? Json::array() : Json()},
             {"text_offset", Json::array()}};
    if (prompt != nullptr) {
      add((*prompt)[0], std::nullopt, nullptr);
      for (size_t i = 1; i < prompt->size(); ++i) {
        const auto* likeliest = num_likeliest_ > 0 ? &part.prompt_likeliest[i - 1] : nullptr;
        add((*prompt)[i], part.prompt_log_probs[i - 1], likeliest);
      }
    }
    for (size_t i = 0; i < part.tokens.size(); ++i) {
      add(part.tokens[i], part.log_probs[i], num_likeliest_ > 0 ? &part.likeliest[i] : nullptr);
    }
    // Harnesses take off the one token that they asked for, also where the model wrote no more than its end.
    if (part.end) add(part.end->token, part.end->log_prob, &part.end_likeliest);
    return std::move(json_);
  }

 private:
  void add(TokenId token, std::optional<float> log_prob, const std::vector<TokenLogProb>* likeliest) {
    const std::string name = token_name(tokenizer_, token);
    json_["tokens"].push_back(name);
    json_["token_logprobs"].push_back(log_prob ? Json(*log_prob) : Json());
    json_["text_offset"].push_back(offset_);
    offset_ += num_characters(static_cast<size_t>(token) < tokenizer_.vocab_size() ? tokenizer_.token_text(token) : "");
    if (num_likeliest_ == 0) return;
    Json top;
    if (log_prob) {
      top = Json::object();
      for (const auto& [candidate, value] : *likeliest) top.emplace(token_name(tokenizer_, candidate), value);
      top.emplace(name, *log_prob);  // the token itself, where it is not among them
    }
    json_["top_logprobs"].push_back(std::move(top));
  }

  const Tokenizer& tokenizer_;
  size_t num_likeliest_, offset_ = 0;
  Json json_;
};

// What one request asks of its texts.
struct Asked {
  std::vector<Prompt> prompts;
  size_t num_texts = 1;  // of each
  bool echoes = false;
  std::optional<size_t> log_probs;  // likeliest tokens at each place
};

class Choices {
 public:
  Choices(const ServedModel& served, Asked asked) : asked_(std::move(asked)) {
    for (size_t text = 0; text < asked_.prompts.size() * asked_.num_texts; ++text) {
      columns_.emplace_back(served.tokenizer(), asked_.log_probs.value_or(0));
    }
    begun_.resize(columns_.size());
  }

  Json of(const TextUpdate& update) {
    const Prompt& prompt = asked_.prompts[update.text / asked_.num_texts];
    const bool echoes = asked_.echoes && !begun_[update.text];
    begun_[update.text] = true;
    Json choice{{"index", update.text}, {"text", (echoes ? prompt.text : "") + update.piece}};
    choice["logprobs"] = nullptr;
    if (asked_.log_probs) {
      choice["logprobs"] = columns_[update.text].of(echoes ? &prompt.tokens : nullptr, update.part);
    }
    choice["finish_reason"] = update.is_done ? Json(name_of(update.part.finish_reason)) : Json();
    return choice;
  }

 private:
  Asked asked_;
  std::vector<LogProbColumns> columns_;
  std::vector<bool> begun_;
};

Response complete(const ServedModel& served, const Request& request) {
  const RequestFields fields(request.body);
  served.check_name(fields);
  fields.refuse("suffix", "");
  const auto num_texts = static_cast<size_t>(fields.whole_number("n", 1, 1, 1024));
  fields.refuse("best_of", num_texts);
  Asked asked{
      .prompts = prompts_of(fields, served.tokenizer()), .num_texts = num_texts, .echoes = fields.flag("echo", false)};
  if (fields.find("logprobs") != nullptr) {
    asked.log_probs = static_cast<size_t>(fields.whole_number("logprobs", 0, 0, kMostLikeliest));
  }
  const GenerateOptions options = writing_options(
      fields, static_cast<int>(fields.whole_number("max_tokens", kUsualTokens, 0, std::numeric_limits<int>::max())));
  std::vector<GenerateRequest> requests;
  for (const Prompt& prompt : asked.prompts) {
    for (size_t number = 0; number < num_texts; ++number) {
      requests.push_back({.prompt = prompt.tokens,
                          .options = options,
                          .number = number,
                          .num_likeliest = asked.log_probs.value_or(0),
                          .score_prompt = asked.echoes && asked.log_probs});
    }
  }
  const bool is_stream = fields.flag("stream", false), includes_usage = wants_usage(fields);
  const auto choices = std::make_shared<Choices>(served, std::move(asked));
  const auto choice = [choices](const TextUpdate& update) { return choices->of(update); };
  return answer_texts(served, std::move(requests),
                      {.id_prefix = "cmpl-",
                       .object = "text_completion",
                       .stream_object = "text_completion",
                       .choice = choice,
                       .stream_choice = choice,
                       .is_stream = is_stream,
                       .includes_usage = includes_usage},
                      request);
}

}  // namespace

std::vector<Route> completion_routes(const ServedModel& served) {
  return {{"POST", "/v1/completions", [&served](const Request& request) { return complete(served, request); }}};
}

}  // namespace manyshot::serve
