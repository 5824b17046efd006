// How an OpenAI-style endpoint is reached and asked. Declared once: command line, config files and documents follow.
#pragma once

#include <string>
#include <string_view>

#include "core/options.h"

namespace manyshot {

// Whether `name` is "openai:NAME", a model of an endpoint.
inline constexpr std::string_view kEndpointPrefix = "openai:";
constexpr bool is_endpoint_model(std::string_view name) { return name.starts_with(kEndpointPrefix); }

// How the model is asked: by messages, or by one text.
enum class EndpointApi { kChat, kCompletions };
constexpr auto names_of(EndpointApi) {
  return std::to_array<Named<EndpointApi>>({{EndpointApi::kChat, "chat"}, {EndpointApi::kCompletions, "completions"}});
}

struct EndpointOptions {
  std::string base_url;
  std::string api_key_env = "OPENAI_API_KEY";
  EndpointApi endpoint_api = EndpointApi::kChat;
  double request_timeout_s = 600;
  int max_retries = 5;
  double requests_per_minute = 0;
  double tokens_per_minute = 0;
  int concurrency = 4;
  std::string response_cache;
  double prompt_price = 0;
  double answer_price = 0;
  int max_tokens = 1024;
  double temperature = 0;
  int top_logprobs = 10;
  std::string request_json;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Endpoint");
    v("base_url", self.base_url, any_value(), "Where the API is, such as http://localhost:8000/v1.");
    v("api_key_env", self.api_key_env, any_value(),
      "Environment variable that holds the API key; without the variable none is sent.");
    v("endpoint_api", self.endpoint_api, any_value(), "/chat/completions, or the plain text /completions.");
    v("request_timeout_s", self.request_timeout_s, between(0.001, 86'400), "Seconds a request may take.");
    v("max_retries", self.max_retries, between(0, 100),
      "How often a request is sent again after a failure that may pass.");
    v("requests_per_minute", self.requests_per_minute, at_least(0), "Requests sent a minute; 0: no limit.");
    v("tokens_per_minute", self.tokens_per_minute, at_least(0), "Prompt and answer tokens a minute; 0: no limit.");
    v("concurrency", self.concurrency, between(1, 256), "Requests under way at a time.");
    v("response_cache", self.response_cache, any_value(),
      "Folder that keeps every response; a request found there is not sent again.");
    v("prompt_price", self.prompt_price, at_least(0), "Price of a million prompt tokens, for the cost.");
    v("answer_price", self.answer_price, at_least(0), "Price of a million answer tokens.");
    v("max_tokens", self.max_tokens, at_least(1), "Tokens an answer may have.");
    v("temperature", self.temperature, between(0, 2), "0 asks for the most likely answer.");
    v("top_logprobs", self.top_logprobs, between(0, 20),
      "Log-probabilities asked for at each token, for class probabilities; 0: none, where a server has "
      "none.");
    v("request_json", self.request_json, any_value(),
      "JSON object merged into each request; null takes a field out: {\"max_tokens\": null, "
      "\"max_completion_tokens\": 4096}.");
  }
};

}  // namespace manyshot
