#include "evaluate/endpoint/completion.h"

#include <cmath>
#include <string_view>

#include "evaluate/endpoint/json_fields.h"

namespace manyshot {
namespace {

// A token's bytes where they are given: it may hold a part of a character only.
std::string token_text(const Json& token) {
  const Json& bytes = field(token, "bytes");
  if (!bytes.is_array() || bytes.empty()) return text_field(token, "token");
  std::string text;
  for (const Json& byte : bytes) text += byte.is_number_integer() ? static_cast<char>(byte.get<int>()) : '?';
  return text;
}

double log_prob_of(const Json& json) { return json.is_number() ? json.get<double>() : -INFINITY; }

TokenChoice choice_of(const Json& token) { return {token_text(token), log_prob_of(field(token, "logprob"))}; }

std::vector<CompletionToken> read_content(const Json& content) {
  std::vector<CompletionToken> tokens;
  for (const Json& item : content) {
    CompletionToken& token = tokens.emplace_back(CompletionToken{.written = choice_of(item)});
    for (const Json& choice : field(item, "top_logprobs")) token.choices.push_back(choice_of(choice));
  }
  return tokens;
}

std::vector<CompletionToken> read_columns(const Json& logprobs) {
  const Json& texts = field(logprobs, "tokens");
  const Json &log_probs = field(logprobs, "token_logprobs"), &top = field(logprobs, "top_logprobs");
  std::vector<CompletionToken> tokens;
  if (!texts.is_array()) return tokens;
  for (size_t i = 0; i < texts.size(); ++i) {
    CompletionToken& token = tokens.emplace_back();
    token.written = {texts[i].is_string() ? texts[i].get<std::string>() : "", log_prob_of(element(log_probs, i))};
    const Json& choices = element(top, i);
    if (!choices.is_object()) continue;
    for (const auto& [text, log_prob] : choices.items()) token.choices.push_back({text, log_prob_of(log_prob)});
  }
  return tokens;
}

void drop_thoughts(std::string& text) {
  constexpr std::string_view kEnd = "</think>";
  if (const size_t end = text.rfind(kEnd); end != std::string::npos) text.erase(0, end + kEnd.size());
}

}  // namespace

std::vector<CompletionToken> read_tokens(const Json& choice) {
  const Json& logprobs = field(choice, "logprobs");
  const Json& content = field(logprobs, "content");
  return content.is_array() ? read_content(content) : read_columns(logprobs);
}

Completion read_completion(const Json& response) {
  const Json& choice = element(field(response, "choices"), 0);
  const Json &message = field(choice, "message"), &usage = field(response, "usage");
  Completion result{
      .text = text_field(message.is_object() ? message : choice, message.is_object() ? "content" : "text"),
      .cut = text_field(choice, "finish_reason") == "length",
      .prompt_tokens = count_field(usage, "prompt_tokens"),
      .answer_tokens = count_field(usage, "completion_tokens")};
  drop_thoughts(result.text);
  result.tokens = read_tokens(choice);
  std::string joined;
  for (const CompletionToken& token : result.tokens) joined += token.written.text;
  result.text_begin = joined.rfind(result.text);
  if (result.text_begin == std::string::npos) {
    result.tokens.clear();
    result.text_begin = 0;
  }
  return result;
}

}  // namespace manyshot
