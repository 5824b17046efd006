#include "serve/chat_completions.h"

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"

namespace manyshot::serve {
namespace {

constexpr int kMostLikeliest = 20;  // as OpenAI's API has it

std::string content_of(const Json& content, size_t message) {
  const std::string name = fmt::format("messages[{}].content", message);
  if (content.is_string()) return content;
  if (!content.is_array()) refuse_field(name, "text, or a list of text parts", content);
  std::string text;
  for (const Json& part : content) {
    if (!part.is_object() || part.value("type", Json()) != "text" || !part.value("text", Json()).is_string()) {
      refuse_field(name, "parts {\"type\": \"text\", \"text\": …}; this model reads text alone", part);
    }
    text += part["text"].get_ref<const std::string&>();
  }
  return text;
}

Json token_json(const Tokenizer& tokenizer, const TokenLogProb& scored) {
  const bool has_text = static_cast<size_t>(scored.token) < tokenizer.vocab_size();
  const std::string_view bytes = has_text ? tokenizer.token_text(scored.token) : "";
  Json list = Json::array();
  for (const char byte : bytes) list.push_back(static_cast<unsigned char>(byte));
  return {{"token", token_name(tokenizer, scored.token)}, {"logprob", scored.log_prob}, {"bytes", std::move(list)}};
}

Json log_probs_json(const Tokenizer& tokenizer, const Generation& part) {
  Json content = Json::array();
  for (size_t i = 0; i < part.tokens.size(); ++i) {
    Json token = token_json(tokenizer, {part.tokens[i], part.log_probs[i]});
    token["top_logprobs"] = Json::array();
    if (!part.likeliest.empty()) {
      for (const TokenLogProb& likely : part.likeliest[i]) {
        token["top_logprobs"].push_back(token_json(tokenizer, likely));
      }
    }
    content.push_back(std::move(token));
  }
  return {{"content", std::move(content)}};
}

Json choice_json(const ServedModel& served, const TextUpdate& update, const char* key, Json message, bool log_probs) {
  return {{"index", update.text},
          {key, std::move(message)},
          {"logprobs", log_probs ? log_probs_json(served.tokenizer(), update.part) : Json()},
          {"finish_reason", update.is_done ? Json(name_of(update.part.finish_reason)) : Json()}};
}

Response chat(const ServedModel& served, const Request& request) {
  const RequestFields fields(request.body);
  served.check_name(fields);
  for (const char* name : {"tools", "functions"}) fields.refuse(name, Json::array());
  fields.refuse("response_format", {{"type", "text"}});
  fields.refuse("modalities", Json::array({"text"}));
  const std::vector<TokenId> prompt = chat_tokens(messages_of(fields), served.wrapping, served.tokenizer());
  const int64_t most = std::numeric_limits<int>::max();
  const int64_t max_tokens = fields.whole_number("max_completion_tokens",
                                                 fields.whole_number("max_tokens", served.window(), 0, most), 0, most);
  const bool log_probs = fields.flag("logprobs", false);
  const int64_t likeliest = fields.whole_number("top_logprobs", 0, 0, kMostLikeliest);
  const GenerateOptions options = writing_options(fields, static_cast<int>(max_tokens));
  const auto num_texts = static_cast<size_t>(fields.whole_number("n", 1, 1, 1024));
  std::vector<GenerateRequest> requests;
  for (size_t number = 0; number < num_texts; ++number) {
    requests.push_back({.prompt = prompt,
                        .options = options,
                        .number = number,
                        .num_likeliest = log_probs ? static_cast<size_t>(likeliest) : 0});
  }
  TextAnswer answer{.id_prefix = "chatcmpl-",
                    .object = "chat.completion",
                    .stream_object = "chat.completion.chunk",
                    .is_stream = fields.flag("stream", false),
                    .includes_usage = wants_usage(fields)};
  answer.choice = [&served, log_probs](const TextUpdate& update) {
    const Json message{{"role", "assistant"}, {"content", update.piece}, {"refusal", nullptr}};
    return choice_json(served, update, "message", message, log_probs);
  };
  answer.stream_choice = [&served, log_probs](const TextUpdate& update) {
    Json delta = Json::object();
    if (!update.piece.empty() || !update.is_done) delta["content"] = update.piece;
    return choice_json(served, update, "delta", std::move(delta), log_probs);
  };
  answer.first_choice = [](size_t text) {
    return Json{{"index", text},
                {"delta", {{"role", "assistant"}, {"content", ""}}},
                {"logprobs", nullptr},
                {"finish_reason", nullptr}};
  };
  return answer_texts(served, std::move(requests), std::move(answer), request);
}

}  // namespace

std::vector<ChatMessage> messages_of(const RequestFields& fields) {
  const Json* field = fields.find("messages");
  if (field == nullptr || !field->is_array() || field->empty()) {
    refuse_field("messages", "a list of {\"role\": …, \"content\": …}", field == nullptr ? Json() : *field);
  }
  std::vector<ChatMessage> messages;
  for (const Json& message : *field) {
    const size_t place = messages.size();
    if (!message.is_object() || !message.value("role", Json()).is_string()) {
      refuse_field(fmt::format("messages[{}]", place), "{\"role\": …, \"content\": …}", message);
    }
    const std::string role = message["role"];
    messages.push_back({role == "developer" ? "system" : role, content_of(message.value("content", Json()), place)});
  }
  return messages;
}

std::vector<Route> chat_routes(const ServedModel& served) {
  return {{"POST", "/v1/chat/completions", [&served](const Request& request) { return chat(served, request); }}};
}

}  // namespace manyshot::serve
