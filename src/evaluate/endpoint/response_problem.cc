#include "evaluate/endpoint/response_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/text.h"
#include "evaluate/endpoint/json_fields.h"

namespace manyshot {
namespace {

constexpr size_t kExcerptBytes = 300;
constexpr int kStatusesThatPass[] = {408, 409, 425, 429, 500, 502, 503, 504, 529};

// The server's own words: {"error": {"message": …}}, {"error": …}, {"message": …}, {"detail": …}, or the body.
std::string words_of(const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  for (const char* name : {"error", "message", "detail"}) {
    const Json& value = field(json, name);
    if (value.is_string()) return excerpt(value.get<std::string>(), kExcerptBytes);
    if (const std::string message = text_field(value, "message"); !message.empty())
      return excerpt(message, kExcerptBytes);
  }
  return body.empty() ? "without a body" : excerpt(body, kExcerptBytes);
}

std::string key_advice(const EndpointOptions& options) {
  const char* key = std::getenv(options.api_key_env.c_str());
  return fmt::format("{} the environment variable {}, or name the one that holds the API key (--api-key-env)",
                     key == nullptr || *key == '\0' ? "set" : "correct the key in", options.api_key_env);
}

// For statuses that say the request is at fault.
std::string request_advice(const std::string& words) {
  const auto mentions = [&](std::string_view word) { return words.find(word) != std::string::npos; };
  if (mentions("context") || mentions("too long")) return "give fewer labelled rows (--shots)";
  if (mentions("logprob")) return "--top-logprobs 0 asks for no log-probabilities, fewer may be allowed";
  return "--request-json adds, changes and removes fields of the request";
}

std::optional<ResponseProblem> find_status_problem(const HttpResponse& response, const EndpointOptions& options) {
  const int status = response.status;
  if (status >= 200 && status < 300) return std::nullopt;
  const std::string words = words_of(response.body);
  ResponseProblem problem{.found = fmt::format("status {}: {}", status, words)};
  problem.may_pass =
      std::find(std::begin(kStatusesThatPass), std::end(kStatusesThatPass), status) != std::end(kStatusesThatPass);
  if (status == 401 || status == 403) {
    problem.kind = ErrorKind::kBadInput;
    problem.next_step = key_advice(options);
  } else if (status == 404) {
    problem.kind = ErrorKind::kNotFound;
    problem.next_step = "check the model's name behind \"openai:\", and --base-url, which usually ends in /v1";
  } else if (status == 429) {
    problem.may_pass = response.body.find("insufficient_quota") == std::string::npos;
    problem.next_step = problem.may_pass ? "lower --requests-per-minute or --tokens-per-minute, or try again later"
                                         : "the account has no quota left";
  } else if (status >= 500 || problem.may_pass) {
    problem.next_step = "look at the server's log, or try again later";
  } else if (status >= 300 && status < 400) {
    problem.kind = ErrorKind::kBadInput;
    problem.next_step = "redirects are not followed: give the address it leads to as --base-url";
  } else {
    problem.kind = ErrorKind::kBadInput;
    problem.next_step = request_advice(words);
  }
  return problem;
}

ResponseProblem transport_problem(const HttpResponse& response, const EndpointOptions& options, bool reached_before) {
  ResponseProblem problem{.found = response.problem};
  switch (response.outcome) {
    case HttpOutcome::kUnreachable:
      problem.next_step = "check --base-url, and that the server runs";
      problem.may_pass = reached_before;
      break;
    case HttpOutcome::kTimedOut:
      problem.found = fmt::format("no response within {} s", options.request_timeout_s);
      problem.next_step = "raise --request-timeout-s, or lower --concurrency";
      problem.may_pass = true;
      break;
    case HttpOutcome::kBroken:
      problem.next_step = "look at the server's log, or try again later";
      problem.may_pass = true;
      break;
    default:
      problem.kind = ErrorKind::kBadInput;
      problem.next_step = "check --base-url";
  }
  return problem;
}

}  // namespace

std::optional<ResponseProblem> find_problem(const HttpResponse& response, const EndpointOptions& options,
                                            bool reached_before, Json& json) {
  if (response.outcome != HttpOutcome::kAnswered) return transport_problem(response, options, reached_before);
  if (auto problem = find_status_problem(response, options)) return problem;
  json = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return ResponseProblem{.found = "no JSON object: " + words_of(response.body),
                           .next_step = "check that --base-url is that of an OpenAI-style API",
                           .may_pass = true};
  }
  if (!element(field(json, "choices"), 0).is_object()) {
    return ResponseProblem{.found = "a response without choices: " + words_of(response.body),
                           .next_step = "check that --base-url and --endpoint-api fit the server, and its log"};
  }
  if (text_field(json["choices"][0], "finish_reason") == "content_filter") {
    return ResponseProblem{.kind = ErrorKind::kUnsupported,
                           .found = "the endpoint's content filter withheld the answer",
                           .next_step = "leave out the columns that it objects to (--ignore), or use another endpoint"};
  }
  return std::nullopt;
}

}  // namespace manyshot
