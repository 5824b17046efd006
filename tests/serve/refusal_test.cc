// Requests that make no sense: a status, OpenAI's form of an error and a message that helps; the server goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/served.h"

namespace manyshot::serve {
namespace {

using ::testing::HasSubstr;

struct BadRequest {
  const char *path, *body;
  int status;
  const char* message;
};

constexpr BadRequest kBadRequests[] = {
    {"/v1/completions", "", 400, "the body must be a JSON object"},
    {"/v1/completions", "{", 400, "the body must be a JSON object, found {"},
    {"/v1/completions", "[]", 400, "the body must be a JSON object"},
    {"/v1/completions", "{\"prompt\": \"a\xFF\"}", 400, "the body must be a JSON object"},
    {"/v1/completions", "{}", 400, "\"prompt\" is needed"},
    {"/v1/completions", R"({"prompt": 3})", 400, "\"prompt\": expected a text, a list of token ids"},
    {"/v1/completions", R"({"prompt": []})", 400, "\"prompt\": expected at least one text"},
    {"/v1/completions", R"({"prompt": ["a", 3]})", 400, "\"prompt\": expected a text"},
    {"/v1/completions", R"({"prompt": [3, -1]})", 400, "token -1 is not among the tokenizer's 0 to 555"},
    {"/v1/completions", R"({"prompt": [18446744073709551615]})", 400, "\"prompt\": token"},
    {"/v1/completions", R"({"prompt": "a", "model": "gpt"})", 404, "there is no model \"gpt\" here; this server has"},
    {"/v1/completions", R"({"prompt": "a", "max_tokens": -1})", 400, "\"max_tokens\": expected a whole number from 0"},
    {"/v1/completions", R"({"prompt": "a", "max_tokens": 1.5})", 400, "\"max_tokens\": expected a whole number"},
    {"/v1/completions", R"({"prompt": "a", "max_tokens": 99999999999999999999})", 400, "\"max_tokens\""},
    {"/v1/completions", R"({"prompt": "a", "temperature": -1})", 400, "\"temperature\": expected a number from 0"},
    {"/v1/completions", R"({"prompt": "a", "temperature": "hot"})", 400, "found \"hot\""},
    {"/v1/completions", R"({"prompt": "a", "top_p": 2})", 400, "\"top_p\": expected a number from 0 to 1, found 2"},
    {"/v1/completions", R"({"prompt": "a", "top_p": 0})", 400, "top_p: 0 leaves no token"},
    {"/v1/completions", R"({"prompt": "a", "n": 0})", 400, "\"n\": expected a whole number from 1"},
    {"/v1/completions", R"({"prompt": "a", "n": 1024})", 400, "1024 texts in one request"},
    {"/v1/completions", R"({"prompt": "a", "stop": [1]})", 400, "\"stop\": expected a text or a list"},
    {"/v1/completions", R"({"prompt": "a", "stop": ""})", 400, "stop: an empty text"},
    {"/v1/completions", R"({"prompt": "a", "seed": "x"})", 400, "\"seed\": expected a whole number"},
    {"/v1/completions", R"({"prompt": "a", "stream": 1})", 400, "\"stream\": expected true or false"},
    {"/v1/completions", R"({"prompt": "a", "stream_options": 1})", 400, "\"stream_options\": expected an object"},
    {"/v1/completions", R"({"prompt": "a", "logprobs": true})", 400, "\"logprobs\": expected a whole number"},
    {"/v1/completions", R"({"prompt": "a", "suffix": "b"})", 400, "\"suffix\" is not supported"},
    {"/v1/completions", R"({"prompt": "a", "frequency_penalty": 1})", 400, "\"frequency_penalty\" is not supported"},
    {"/v1/completions", R"({"prompt": "a", "logit_bias": {"5": 1}})", 400, "\"logit_bias\" is not supported"},
    {"/v1/chat/completions", "{}", 400, "\"messages\": expected a list"},
    {"/v1/chat/completions", R"({"messages": []})", 400, "\"messages\": expected a list"},
    {"/v1/chat/completions", R"({"messages": ["a"]})", 400, "\"messages[0]\": expected {\"role\""},
    {"/v1/chat/completions", R"({"messages": [{"role": "robot", "content": "a"}]})", 400, "role \"robot\""},
    {"/v1/chat/completions", R"({"messages": [{"role": "user"}]})", 400, "\"messages[0].content\": expected text"},
    {"/v1/chat/completions", R"({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})", 400,
     "this model reads text alone"},
    {"/v1/chat/completions", R"({"messages": [{"role": "user", "content": "a"}], "tools": [{}]})", 400,
     "\"tools\" is not supported"},
    {"/tokenize", "{}", 400, "\"prompt\" is needed"},
    {"/tokenize", R"({"prompt": 5})", 400, "\"prompt\": expected text"},
    {"/detokenize", R"({"tokens": [99999]})", 400, "\"tokens\": expected token ids from 0 to 555, found 99999"},
    {"/detokenize", R"({"tokens": "a"})", 400, "\"tokens\": expected a list of token ids"},
    {"/v1/nothing", "{}", 404, "there is no POST /v1/nothing"},
    {"/health", "{}", 405, "/health takes GET, not POST"},
};

TEST(Refusal, SaysWhatIsWrong) {
  const Served served({.most_texts = 100});
  for (const BadRequest& bad : kBadRequests) {
    const RawResponse response = ask(served.service->port(), "POST", bad.path, bad.body);
    EXPECT_EQ(response.status, bad.status) << bad.path << " " << bad.body;
    EXPECT_THAT(response.message(), HasSubstr(bad.message)) << bad.body;
    const Json error = response.json()["error"];
    EXPECT_TRUE(error.contains("type") && error.contains("param") && error.contains("code"));
  }
  EXPECT_EQ(served.get("/v1/completions").status, 405);
  EXPECT_EQ(served.get("/v1/models/other").status, 404);
  EXPECT_EQ(served.get("/health").status, 200);
}

TEST(Refusal, OfWhatDoesNotFit) {
  const Served served({.max_body_mb = 1});
  const RawResponse large = served.post("/v1/completions", {{"prompt", std::string(2 << 20, 'a')}});
  EXPECT_EQ(large.status, 413);
  EXPECT_THAT(large.message(), HasSubstr("the body is longer than 1.0 MiB"));
  std::string words;
  for (int i = 0; i < 9000; ++i) words += "nurse ";
  EXPECT_THAT(served.post("/v1/completions", {{"prompt", words}}).message(),
              HasSubstr("there is no room to write; give a shorter prompt"));
}

TEST(Refusal, OfJsonThatIsTooDeep) {
  const Served served;
  const auto post = [&](const std::string& body) {
    return ask(served.service->port(), "POST", "/v1/completions", body);
  };
  const std::string deep(100'000, '[');
  EXPECT_THAT(post("{\"prompt\": " + deep + std::string(deep.size(), ']') + "}").message(),
              HasSubstr("more than 64 lists and objects in each other"));
  EXPECT_EQ(post("{\"prompt\": \"\\\"" + std::string(100, '[') + "\", \"max_tokens\": 1}").status, 200)
      << "a text may have them";
}

TEST(Refusal, OfBytesThatAreNoHttp) {
  const Served served;
  for (const std::string bytes : {"\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                                  "POST /v1/completions HTTP/1.1\r\nContent-Length: -5\r\nConnection: close\r\n\r\n",
                                  "POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: "
                                  "close\r\n\r\nzz\r\n"}) {
    RawConnection connection(served.service->port());
    connection.send(bytes);
    connection.finish();
    const RawResponse response = parse_response(connection.read_until("}}"));
    EXPECT_TRUE(response.status == 0 || response.status >= 400) << bytes;
  }
  EXPECT_EQ(served.get("/health").status, 200);
}

}  // namespace
}  // namespace manyshot::serve
