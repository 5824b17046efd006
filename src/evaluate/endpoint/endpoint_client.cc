#include "evaluate/endpoint/endpoint_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/text.h"
#include "evaluate/endpoint/json_fields.h"
#include "evaluate/endpoint/response_problem.h"

namespace manyshot {
namespace {

constexpr double kBytesPerToken = 3;  // for the rate limit, until the response says how many there were
constexpr Seconds kLongestWait{600};
constexpr std::chrono::milliseconds kNap{50};

std::string read_base_url(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  constexpr std::string_view kExample = "such as http://localhost:8000/v1 or https://api.openai.com/v1";
  if (url.empty()) fail(ErrorKind::kBadInput, "openai: models need --base-url, the address of the API, {}", kExample);
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    fail(ErrorKind::kBadInput, "--base-url: expected an http:// or https:// address, {}, got {}", kExample,
         excerpt(url));
  }
  if (url.find('@') != std::string::npos) {
    fail(ErrorKind::kBadInput,
         "--base-url: holds a user name or a key; put the key in an environment variable and name it by --api-key-env");
  }
  return url;
}

std::string read_api_key(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  const std::string key = value != nullptr ? value : "";
  if (std::any_of(key.begin(), key.end(), [](unsigned char c) { return c < ' ' || c == 127; })) {
    fail(ErrorKind::kBadInput, "the API key in {} holds a line end or another control character; set it without",
         variable);
  }
  return key;
}

Json read_added_fields(const std::string& text) {
  if (text.empty()) return Json::object();
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) fail(ErrorKind::kBadInput, "--request-json: expected a JSON object, got {}", excerpt(text));
  return json;
}

Seconds wait_before_retry(const HttpResponse& response, int retry, const Rng& rng) {
  const auto asked = parse_retry_after(response.retry_after, std::chrono::system_clock::now());
  return asked ? *asked : backoff(retry, rng);
}

}  // namespace

EndpointClient::EndpointClient(std::string_view name, const EndpointOptions& options, uint64_t seed)
    : options_(options),
      model_(is_endpoint_model(name) ? name.substr(kEndpointPrefix.size()) : ""),
      base_url_(read_base_url(options.base_url)),
      api_key_(read_api_key(options.api_key_env)),
      added_fields_(read_added_fields(options.request_json)),
      seed_(seed),
      cache_(options.response_cache),
      limiter_(options.requests_per_minute, options.tokens_per_minute),
      free_slots_(options.concurrency) {
  if (model_.empty()) fail(ErrorKind::kBadInput, "\"{}\" is no model of an endpoint; give openai:NAME", name);
}

Json EndpointClient::post(std::string_view path, Json body, AnswerReport& report, std::stop_token stop) {
  const std::string url = base_url_ + std::string(path);
  body["model"] = model_;
  body.merge_patch(added_fields_);
  std::optional<Json> kept = cache_.find(url, body);
  Json response = kept ? *std::move(kept) : send(url, body, report, stop);
  const Json& usage = field(response, "usage");
  const uint64_t prompt_tokens = count_field(usage, "prompt_tokens"),
                 answer_tokens = count_field(usage, "completion_tokens");
  report.prompt_tokens += prompt_tokens;
  report.answer_tokens += answer_tokens;
  if (kept) {
    ++report.cached;
  } else {
    report.cost += (static_cast<double>(prompt_tokens) * options_.prompt_price +
                    static_cast<double>(answer_tokens) * options_.answer_price) /
                   1e6;
    cache_.keep(url, body, response);
  }
  return response;
}

Json EndpointClient::send(const std::string& url, const Json& body, AnswerReport& report, std::stop_token stop) {
  HttpRequest request{.url = url,
                      .body = body.dump(-1, ' ', false, Json::error_handler_t::replace),
                      .timeout_s = options_.request_timeout_s};
  if (!api_key_.empty()) request.headers.push_back("Authorization: Bearer " + api_key_);
  const double expected_tokens =
      static_cast<double>(request.body.size()) / kBytesPerToken + number_field(body, "max_tokens");
  const Rng rng = Rng(seed_).child("retries").child(request.body);
  for (int retry = 1;; ++retry) {
    wait_until(limiter_.reserve(expected_tokens, SteadyClock::now()), stop);
    const HttpResponse response = send_once(request, stop);
    ++report.requests;
    Json json;
    const auto problem = find_problem(response, options_, reached_, json);
    if (response.outcome == HttpOutcome::kAnswered) reached_ = true;
    if (!problem) {
      const double tokens = number_field(field(json, "usage"), "total_tokens");
      if (tokens > 0) limiter_.correct(expected_tokens, tokens);
      return json;
    }
    const Seconds wait = wait_before_retry(response, retry, rng);
    if (!problem->may_pass || retry > options_.max_retries || wait > kLongestWait) {
      const std::string attempts = retry > 1 ? fmt::format(" ({} attempts)", retry) : "";
      throw Error(problem->kind,
                  without_key(fmt::format("{}: {}{}; {}", url, problem->found, attempts, problem->next_step)));
    }
    ++report.retries;
    log::debug("{}: {}; again in {:.1f} s", url, without_key(problem->found), wait.count());
    const auto again = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(wait);
    if (!response.retry_after.empty()) limiter_.pause_until(again);
    wait_until(again, stop);
  }
}

HttpResponse EndpointClient::send_once(const HttpRequest& request, std::stop_token stop) {
  while (!free_slots_.try_acquire_for(kNap)) wait_until(SteadyClock::now(), stop);
  struct Release {
    std::counting_semaphore<>& slots;
    ~Release() { slots.release(); }
  } const release{free_slots_};
  return http_.post(request, std::move(stop));
}

std::string EndpointClient::without_key(std::string text) const {
  if (api_key_.empty()) return text;
  for (size_t place; (place = text.find(api_key_)) != std::string::npos;) text.replace(place, api_key_.size(), "…");
  return text;
}

}  // namespace manyshot
