// Log-probabilities of given texts, from servers that echo the prompt and from those that do not.
#include "evaluate/endpoint/echo_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error.h"
#include "support/fake_server.h"

namespace manyshot {
namespace {

// An echo of `tokens`, which begin with the prompt's.
FakeResponse echo(const std::vector<std::pair<std::string, Json>>& tokens) {
  Json texts = Json::array(), log_probs = Json::array();
  std::string text;
  for (const auto& [token, log_prob] : tokens) {
    texts.push_back(token);
    log_probs.push_back(log_prob);
    text += token;
  }
  const Json choice = {{"text", text}, {"logprobs", {{"tokens", texts}, {"token_logprobs", log_probs}}}};
  return {.body = Json{{"choices", Json::array({choice})}}.dump()};
}

EchoScore score(const FakeResponse& response, const std::string& context, const std::string& continuation) {
  const FakeServer server([&](const FakeRequest&, size_t) { return response; });
  EndpointClient client("openai:tiny", {.base_url = server.base_url()}, 0);
  AnswerReport report;
  const EchoScore result = score_by_echo(client, context, continuation, report);
  EXPECT_EQ(server.requests()[0].target, "/v1/completions");
  EXPECT_EQ(server.requests()[0].body["echo"], true);
  EXPECT_EQ(server.requests()[0].body["prompt"], context + continuation);
  return result;
}

TEST(EchoScores, SumsTheContinuationsTokens) {
  const EchoScore whole =
      score(echo({{"Ans", nullptr}, {"wer:", -1}, {" €", -2}, {"5", -0.5}, {"\n", -9}}), "Answer:", " €5");
  EXPECT_DOUBLE_EQ(whole.log_prob, -2.5);
  EXPECT_EQ(whole.num_tokens, 2u);
  EXPECT_EQ(whole.num_bytes, 5u);
  EXPECT_DOUBLE_EQ(score(echo({{"Answer", nullptr}, {": A", -3}, {"", -7}}), "Answer:", " A").log_prob, -3)
      << "a token across the border counts, the end of the text does not";
}

TEST(EchoScores, LogProbabilitiesOfTheWrongTokensAreRefused) {
  // As llama-cpp-python 0.3 answers: the choices beside ":" are those behind it.
  const FakeResponse response{
      .body = R"({"choices": [{"text": "The answer: B\n", "logprobs": {"tokens": ["The", " answer", ":", " B"],
      "token_logprobs": [null, -10.5, -14.5, -11]}}]})"};
  EXPECT_ERROR(score(response, "The answer:", " B"), ErrorKind::kUnsupported, "llama-cpp-python");
}

TEST(EchoScores, SpecialTokensAtTheEndsDoNotCount) {
  const FakeResponse response{.body = R"({"choices": [{"text": "The answer: B", "logprobs": {
      "tokens": ["<s>", "The", " answer:", " B", "<|im_end|>"], "token_logprobs": [null, -3, -2, -1, -4]}}]})"};
  EXPECT_DOUBLE_EQ(score(response, "The answer:", " B").log_prob, -1) << "as vLLM answers";
}

TEST(EchoScores, TheFirstTokenOfATextIsNotScored) {
  const EchoScore result = score(echo({{"The", nullptr}, {" end", -2}, {".", -1}}), "", "The end");
  EXPECT_DOUBLE_EQ(result.log_prob, -2);
  EXPECT_EQ(result.num_tokens, 1u);
  EXPECT_EQ(result.num_bytes, 4u);
}

TEST(EchoScores, ServersWithoutEchoAreNamed) {
  const FakeResponse without_echo{.body = R"({"choices": [{"text": " A"}]})"};
  EXPECT_ERROR(score(without_echo, "Answer:", " A"), ErrorKind::kUnsupported, "does not return the log-probabilities");
  EXPECT_ERROR(score(echo({{"Answer:", nullptr}, {" A", nullptr}, {"\n", -1}}), "Answer:", " A"),
               ErrorKind::kUnsupported, "echo");
}

}  // namespace
}  // namespace manyshot
