// A client that asks one model of an OpenAI-style endpoint: vLLM, llama.cpp, a cloud service.
#pragma once

#include <atomic>
#include <cstdint>
#include <semaphore>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/json.h"
#include "evaluate/endpoint/endpoint_options.h"
#include "evaluate/endpoint/http_client.h"
#include "evaluate/endpoint/response_cache.h"
#include "evaluate/endpoint/waiting.h"
#include "predict/answer_report.h"

namespace manyshot {

class EndpointClient {
 public:
  // `name`: "openai:NAME". The API key is read here, and is in no message, log or file. `seed`: of the waits. Throws
  // Error(kBadInput) for a name, base URL or request JSON that cannot be used.
  EndpointClient(std::string_view name, const EndpointOptions& options, uint64_t seed);

  // The response to `body`, with the model's name and the options' request JSON added, posted to base URL + `path`
  // ("/completions"); from the cache if it is there. It has at least one choice. Failures that may pass are repeated
  // after a while: statuses 408, 409, 425, 429, 500, 502, 503, 504 and 529, connections that end early, timeouts,
  // bodies that are no JSON. Waits for the rates and the concurrency of the options. Counts requests, tokens and cost
  // in `report`. Throws Error (kBadInput, kNotFound, kUnsupported, kUnavailable) with the URL, what was found and the
  // next step; Error(kInterrupted) after Ctrl-C or `stop`. Safe from several threads.
  Json post(std::string_view path, Json body, AnswerReport& report, std::stop_token stop = {});

  const EndpointOptions& options() const { return options_; }
  const std::string& model() const { return model_; }

 private:
  Json send(const std::string& url, const Json& body, AnswerReport& report, std::stop_token stop);
  HttpResponse send_once(const HttpRequest& request, std::stop_token stop);
  std::string without_key(std::string text) const;

  EndpointOptions options_;
  std::string model_, base_url_, api_key_;
  Json added_fields_;
  uint64_t seed_;
  HttpClient http_;
  ResponseCache cache_;
  RateLimiter limiter_;
  std::counting_semaphore<> free_slots_;
  std::atomic<bool> reached_ = false;  // it has answered once
};

}  // namespace manyshot
