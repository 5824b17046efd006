#include "serve/token_routes.h"

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"
#include "generate/prompt_tokens.h"
#include "serve/chat_completions.h"

namespace manyshot::serve {
namespace {

// {"prompt": text} as vLLM has it, {"content": text} as llama.cpp has it, or {"messages": […]}.
Response tokenize(const ServedModel& served, const Request& request) {
  const RequestFields fields(request.body);
  served.check_name(fields);
  const char* name = fields.find("prompt") != nullptr ? "prompt" : "content";
  std::vector<TokenId> tokens;
  if (fields.find("messages") != nullptr) {
    tokens = chat_tokens(messages_of(fields), served.wrapping, served.tokenizer());
  } else if (fields.find(name) == nullptr) {
    fail(ErrorKind::kBadInput, "\"prompt\" is needed: a text; or \"messages\"");
  } else {
    const std::string text = fields.text(name, "");
    const bool with_begin = fields.flag("add_special_tokens", std::string_view(name) == "prompt");
    if (with_begin && !text.empty()) {
      tokens = prompt_tokens(text, served.tokenizer());
    } else {
      tokens = served.tokenizer().encode(text, /*parse_special=*/true);
    }
  }
  return json_response({{"tokens", tokens}, {"count", tokens.size()}, {"max_model_len", served.window()}});
}

Response detokenize(const ServedModel& served, const Request& request) {
  const RequestFields fields(request.body);
  served.check_name(fields);
  const Json* list = fields.find("tokens");
  if (list == nullptr || !list->is_array()) {
    refuse_field("tokens", "a list of token ids", list == nullptr ? Json() : *list);
  }
  std::vector<TokenId> tokens;
  for (const Json& token : *list) {
    const auto vocab_size = static_cast<int64_t>(served.tokenizer().vocab_size());
    if (!token.is_number_integer() || token.get<int64_t>() < 0 || token.get<int64_t>() >= vocab_size) {
      refuse_field("tokens", fmt::format("token ids from 0 to {}", vocab_size - 1), token);
    }
    tokens.push_back(token);
  }
  const std::string text = served.tokenizer().decode(tokens);
  return json_response({{"prompt", text}, {"content", text}});
}

// What lm-evaluation-harness asks for before it uses the two above.
Response tokenizer_info(const ServedModel& served) {
  const Tokenizer& tokenizer = served.tokenizer();
  const auto text_of = [&](std::optional<TokenId> token) {
    return token ? Json(tokenizer.token_text(*token)) : Json();
  };
  return json_response({{"bos_token", text_of(tokenizer.bos())},
                        {"eos_token", text_of(tokenizer.eos())},
                        {"vocab_size", tokenizer.vocab_size()},
                        {"add_bos_token", tokenizer.add_bos()},
                        {"chat_template", nullptr}});
}

}  // namespace

std::vector<Route> token_routes(const ServedModel& served) {
  return {{"POST", "/tokenize", [&served](const Request& request) { return tokenize(served, request); }},
          {"POST", "/detokenize", [&served](const Request& request) { return detokenize(served, request); }},
          {"GET", "/tokenizer_info", [&served](const Request&) { return tokenizer_info(served); }}};
}

}  // namespace manyshot::serve
