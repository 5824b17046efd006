// The client against a local server: what it sends, what it repeats, what it keeps, and what it says when all fails.
#include "evaluate/endpoint/endpoint_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/error.h"
#include "support/fake_server.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kKeyVariable = "MANYSHOT_TEST_API_KEY";
const std::string kNow = "Retry-After: 0\r\n";

EndpointOptions options_for(const FakeServer& server) {
  return {.base_url = server.base_url(), .api_key_env = kKeyVariable, .request_timeout_s = 20};
}

struct Asked {
  Json response;
  AnswerReport report;
};
Asked ask(const EndpointOptions& options, const Json& body = {{"prompt", "Hi"}}) {
  Asked asked;
  EndpointClient client("openai:tiny", options, /*seed=*/1);
  asked.response = client.post("/chat/completions", body, asked.report);
  return asked;
}

TEST(EndpointClient, SendsModelBodyAndKey) {
  setenv(kKeyVariable, "secret-key", 1);
  const FakeServer server([](const FakeRequest&, size_t) { return chat_response("yes"); });
  EndpointOptions options = options_for(server);
  options.base_url += "/";
  options.request_json = R"({"max_tokens": null, "max_completion_tokens": 7})";
  const Asked asked = ask(options, {{"prompt", "Hi"}, {"max_tokens", 9}});
  unsetenv(kKeyVariable);
  EXPECT_EQ(asked.response["choices"][0]["message"]["content"], "yes");
  ASSERT_EQ(server.requests().size(), 1u);
  const FakeRequest request = server.requests().front();
  EXPECT_EQ(request.target, "/v1/chat/completions");
  EXPECT_THAT(request.headers, AllOf(HasSubstr("Authorization: Bearer secret-key"), HasSubstr("application/json")));
  EXPECT_EQ(request.body, Json::parse(R"({"prompt": "Hi", "model": "tiny", "max_completion_tokens": 7})"));
  EXPECT_EQ(asked.report.requests, 1u);
  EXPECT_EQ(asked.report.prompt_tokens, 100u);
  EXPECT_EQ(asked.report.answer_tokens, 20u);
}

TEST(EndpointClient, WithoutAKeyNoneIsSent) {
  const FakeServer server([](const FakeRequest&, size_t) { return chat_response("yes"); });
  ask(options_for(server));
  EXPECT_THAT(server.requests().front().headers, Not(HasSubstr("Authorization")));
}

TEST(EndpointClient, RepeatsWhatMayPass) {
  const FakeServer server([](const FakeRequest&, size_t n) -> FakeResponse {
    switch (n) {
      case 0:
        return {.status = 503, .body = "busy", .headers = kNow};
      case 1:
        return {.status = 429, .body = R"({"error": {"message": "slow down"}})", .headers = kNow};
      case 2:
        return {.body = R"({"choices": [{"mess)", .headers = kNow};
      case 3:
        return {.body = chat_response("cut").body, .headers = kNow, .cut = true};
      default:
        return chat_response("at last");
    }
  });
  const Asked asked = ask(options_for(server));
  EXPECT_EQ(asked.response["choices"][0]["message"]["content"], "at last");
  EXPECT_EQ(asked.report.requests, 5u);
  EXPECT_EQ(asked.report.retries, 4u);
}

TEST(EndpointClient, WaitsAsLongAsRetryAfterSays) {
  const FakeServer server([](const FakeRequest&, size_t n) -> FakeResponse {
    return n == 0 ? FakeResponse{.status = 429, .headers = "retry-after: 0.3\r\n"} : chat_response("yes");
  });
  const auto start = SteadyClock::now();
  ask(options_for(server));
  EXPECT_GE(SteadyClock::now() - start, std::chrono::milliseconds(300));
}

TEST(EndpointClient, GivesUpInTheEnd) {
  const FakeServer server(
      [](const FakeRequest&, size_t) { return FakeResponse{.status = 500, .body = "out of memory", .headers = kNow}; });
  EndpointOptions options = options_for(server);
  options.max_retries = 2;
  EXPECT_ERROR(ask(options), ErrorKind::kUnavailable,
               AllOf(HasSubstr(server.base_url() + "/chat/completions: status 500: out of memory (3 attempts)"),
                     HasSubstr("the server's log")));
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(EndpointClient, DoesNotWaitForHoursWhenAskedTo) {
  const FakeServer server(
      [](const FakeRequest&, size_t) { return FakeResponse{.status = 429, .headers = "Retry-After: 7200\r\n"}; });
  EXPECT_ERROR(ask(options_for(server)), ErrorKind::kUnavailable, HasSubstr("--requests-per-minute"));
}

struct Failure {
  FakeResponse response;
  ErrorKind kind;
  const char* message;
};

TEST(EndpointClient, SaysWhatIsWrongAndDoesNotRepeatIt) {
  setenv(kKeyVariable, "secret-key", 1);
  const std::vector<Failure> failures{
      {{.status = 401, .body = R"({"error": {"message": "Incorrect API key: secret-key"}})"},
       ErrorKind::kBadInput,
       "status 401: Incorrect API key: …; correct the key in the environment variable MANYSHOT_TEST_API_KEY"},
      {{.status = 404, .body = R"({"error": {"message": "The model `tiny` does not exist"}})"},
       ErrorKind::kNotFound,
       "The model `tiny` does not exist; check the model's name"},
      {{.status = 400, .body = R"({"detail": "This model's maximum context length is 2048 tokens"})"},
       ErrorKind::kBadInput,
       "give fewer labelled rows (--shots)"},
      {{.status = 400, .body = R"({"message": "logprobs are not available"})"},
       ErrorKind::kBadInput,
       "--top-logprobs 0"},
      {{.status = 429, .body = R"({"error": {"code": "insufficient_quota"}})"},
       ErrorKind::kUnavailable,
       "no quota left"},
      {{.status = 302, .body = ""}, ErrorKind::kBadInput, "redirects are not followed"},
      {{.body = R"({"choices": []})"}, ErrorKind::kUnavailable, "a response without choices"},
      {{.body = R"({"choices": [{"message": {"content": null}, "finish_reason": "content_filter"}]})"},
       ErrorKind::kUnsupported,
       "content filter withheld"},
  };
  for (const Failure& failure : failures) {
    const FakeServer server([&](const FakeRequest&, size_t) { return failure.response; });
    EXPECT_ERROR(ask(options_for(server)), failure.kind, HasSubstr(failure.message));
    EXPECT_EQ(server.requests().size(), 1u) << failure.message;
  }
  unsetenv(kKeyVariable);
}

TEST(EndpointClient, AnswersThatAreNoJson) {
  const FakeServer server(
      [](const FakeRequest&, size_t) { return FakeResponse{.body = "<html>Welcome", .headers = kNow}; });
  EndpointOptions options = options_for(server);
  options.max_retries = 1;
  EXPECT_ERROR(ask(options), ErrorKind::kUnavailable, HasSubstr("no JSON object: <html>Welcome (2 attempts)"));
}

TEST(EndpointClient, ServersThatAreAwayOrSilent) {
  std::string url;
  {
    const FakeServer gone([](const FakeRequest&, size_t) { return FakeResponse{}; });
    url = gone.base_url();
  }
  EXPECT_ERROR(ask({.base_url = url}), ErrorKind::kUnavailable,
               HasSubstr("check --base-url, and that the server runs"));

  const FakeServer silent([](const FakeRequest&, size_t) { return FakeResponse{.delay = std::chrono::seconds(30)}; });
  EndpointOptions options = options_for(silent);
  options.request_timeout_s = 0.1;
  options.max_retries = 0;
  EXPECT_ERROR(ask(options), ErrorKind::kUnavailable, HasSubstr("no response within 0.1 s; raise --request-timeout-s"));
}

TEST(EndpointClient, OptionsThatCannotBeUsed) {
  EXPECT_ERROR(ask({}), ErrorKind::kBadInput, "need --base-url");
  EXPECT_ERROR(ask({.base_url = "localhost:8000"}), ErrorKind::kBadInput, "http:// or https://");
  EXPECT_ERROR(ask({.base_url = "https://me:key@host/v1"}), ErrorKind::kBadInput, "--api-key-env");
  EXPECT_ERROR(ask({.base_url = "http://h", .request_json = "[1]"}), ErrorKind::kBadInput, "--request-json");
  EXPECT_ERROR(EndpointClient("openai:", {.base_url = "http://h"}, 0), ErrorKind::kBadInput, "openai:NAME");
  setenv(kKeyVariable, "key\n", 1);
  EXPECT_ERROR(ask({.base_url = "http://h", .api_key_env = kKeyVariable}), ErrorKind::kBadInput, "line end");
  unsetenv(kKeyVariable);
}

TEST(EndpointClient, ACachedResponseIsNotAskedForAgain) {
  setenv(kKeyVariable, "secret-key", 1);
  const TemporaryFolder folder;
  const FakeServer server([](const FakeRequest&, size_t n) { return chat_response(std::to_string(n)); });
  EndpointOptions options = options_for(server);
  options.response_cache = folder / "cache";
  options.prompt_price = 2;
  options.answer_price = 10;
  const Asked first = ask(options), second = ask(options);
  EXPECT_EQ(second.response, first.response);
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(second.report.cached, 1u);
  EXPECT_EQ(second.report.requests, 0u);
  EXPECT_DOUBLE_EQ(first.report.cost, (100 * 2 + 20 * 10) / 1e6);
  EXPECT_EQ(second.report.cost, 0);
  EXPECT_EQ(second.report.prompt_tokens, 100u);

  ask(options, {{"prompt", "another"}});
  EXPECT_EQ(server.requests().size(), 2u);
  std::string file;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(options.response_cache)) {
    if (!entry.is_regular_file()) continue;
    file = entry.path();
    EXPECT_THAT(content_of(file), Not(HasSubstr("secret-key")));
    std::ofstream(file) << "{\"url\": ";  // cut short
  }
  EXPECT_EQ(ask(options).report.requests, 1u) << "a damaged file counts as none";
  unsetenv(kKeyVariable);
}

TEST(EndpointClient, ErrorsAreNotKept) {
  const TemporaryFolder folder;
  const FakeServer server(
      [](const FakeRequest&, size_t n) { return n == 0 ? FakeResponse{.status = 400} : chat_response("yes"); });
  EndpointOptions options = options_for(server);
  options.response_cache = folder.path();
  EXPECT_ERROR(ask(options), ErrorKind::kBadInput, "status 400");
  EXPECT_EQ(ask(options).response["choices"][0]["message"]["content"], "yes");
}

}  // namespace
}  // namespace manyshot
