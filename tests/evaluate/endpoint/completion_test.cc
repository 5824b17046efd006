// Responses in the shapes that servers send, and the label probabilities in them.
#include "evaluate/endpoint/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/endpoint/label_scores.h"

namespace manyshot {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

std::string joined(const Completion& completion) {
  std::string text;
  for (const CompletionToken& token : completion.tokens) text += token.written.text;
  return text;
}

TEST(Completion, ReadsTheChatShape) {
  const Completion completion = read_completion(Json::parse(R"({
    "choices": [{"message": {"content": "a€"}, "finish_reason": "length", "logprobs": {"content": [
      {"token": "a", "logprob": -0.5, "bytes": null, "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -2}]},
      {"token": "?", "logprob": -1, "bytes": [226, 130], "top_logprobs": []},
      {"token": "?", "logprob": 0, "bytes": [172]}]}}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 3}})"));
  EXPECT_EQ(completion.text, "a€");
  EXPECT_EQ(joined(completion), "a€") << "from the bytes of cut characters";
  EXPECT_TRUE(completion.cut);
  EXPECT_EQ(completion.prompt_tokens, 5u);
  EXPECT_EQ(completion.tokens[0].choices[1].text, "b");
  EXPECT_EQ(completion.tokens[0].choices[1].log_prob, -2);
}

TEST(Completion, ReadsTheTextShapeAndLlamaCppsMixture) {
  const Completion text = read_completion(Json::parse(R"({
    "choices": [{"text": " yes", "finish_reason": "stop", "logprobs": {"tokens": [" y", "es"], "token_logprobs": [-0.25, null],
      "top_logprobs": [{" y": -0.25, " n": -3}, null], "text_offset": [0, 2]}}]})"));
  EXPECT_EQ(joined(text), " yes");
  EXPECT_EQ(text.tokens[0].written.log_prob, -0.25);
  EXPECT_EQ(text.tokens[0].choices.size(), 2u);
  EXPECT_FALSE(text.cut);
  const Completion mixed = read_completion(
      Json::parse(R"({"choices": [{"text": "y", "logprobs": {"content": [{"token": "y", "logprob": -1}]}}]})"));
  EXPECT_EQ(joined(mixed), "y");
}

TEST(Completion, LogProbabilitiesThatDoNotSpellTheTextAreLeftOut) {
  const char* response =
      R"({"choices": [{"message": {"content": "yes"}, "logprobs": {"content": [{"token": "no", "logprob": -1}]}}]})";
  EXPECT_TRUE(read_completion(Json::parse(response)).tokens.empty());
}

TEST(Completion, ThoughtsAreNotTheAnswer) {
  const Completion completion =
      read_completion(Json::parse(R"({"choices": [{"text": "<think>[1]</think>[2]", "logprobs": {
      "tokens": ["<think>[1]</think>", "[2]"], "token_logprobs": [0, -1]}}]})"));
  EXPECT_EQ(completion.text, "[2]");
  EXPECT_EQ(completion.text_begin, 18u);
}

TEST(Completion, TakesAnyTypes) {
  for (
      const char* response :
      {R"({"choices": [{}]})", R"({"choices": [{"message": {"content": 3}, "logprobs": 7}]})",
       R"({"choices": [{"message": null, "text": null, "logprobs": {"content": [1, {"token": {}, "top_logprobs": {"a": 1}}]}}], "usage": []})",
       R"({"choices": [{"text": "", "logprobs": {"tokens": [null, 2], "top_logprobs": [[], 4]}}]})",
       R"({"choices": [{"text": "", "logprobs": {"tokens": "no list"}}]})",
       R"({"choices": [{"text": "", "logprobs": {"tokens": {"0": "a"}}}], "usage": {"prompt_tokens": -1, "completion_tokens": 1e300}})"}) {
    const Completion completion = read_completion(Json::parse(response));
    EXPECT_EQ(completion.text, "") << response;
    EXPECT_EQ(completion.prompt_tokens + completion.answer_tokens, 0u) << response;
  }
}

CompletionToken token(const std::string& text, double probability, std::vector<TokenChoice> others = {}) {
  for (TokenChoice& other : others) other.log_prob = std::log(other.log_prob);
  others.push_back({text, std::log(probability)});
  return {.written = {text, std::log(probability)}, .choices = std::move(others)};
}

std::vector<double> label_shares(const std::vector<CompletionToken>& tokens, size_t place,
                                 const std::vector<std::string>& labels) {
  std::vector<double> shares;
  for (const float score : label_scores(tokens, place, labels)) shares.push_back(std::exp(double{score}));
  return shares;
}

TEST(LabelScores, OneTokenALabel) {
  const std::vector<std::string> labels{"0", "1", "2"};
  const std::vector<CompletionToken> apart{token("\"label\":", 1), token(" ", 1),
                                           token("1", 0.6, {{"0", 0.3}, {"x", 0.1}})};
  EXPECT_THAT(label_shares(apart, 8, labels), ElementsAre(DoubleNear(0.3, 1e-6), DoubleNear(0.6, 1e-6), 0));
  const std::vector<CompletionToken> with_blank{token("\"label\":", 1), token(" 1", 0.6, {{" 0", 0.2}, {"0", 0.1}}),
                                                token("}", 1)};
  EXPECT_THAT(label_shares(with_blank, 8, labels), ElementsAre(DoubleNear(0.3, 1e-6), DoubleNear(0.6, 1e-6), 0));
  const std::vector<CompletionToken> merged{token("label", 1),
                                            token("\": 1}", 0.6, {{"\": 2}", 0.3}, {"\":2", 0.05}, {"s", 0.05}})};
  EXPECT_THAT(label_shares(merged, 7, labels), ElementsAre(0, DoubleNear(0.6, 1e-6), DoubleNear(0.35, 1e-6)));
}

TEST(LabelScores, LabelsOfSeveralTokensAreFollowed) {
  const std::vector<std::string> labels{"1", "10", "12", "2"};
  // "1" is written, then "0" beside "}" and "2"; "2" stood beside "1".
  const std::vector<CompletionToken> tokens{token(" ", 1), token("1", 0.8, {{"2", 0.2}}),
                                            token("0", 0.5, {{"}", 0.25}, {"2", 0.25}}), token("}", 1)};
  EXPECT_THAT(label_shares(tokens, 0, labels),
              ElementsAre(DoubleNear(0.2, 1e-6), DoubleNear(0.4, 1e-6), DoubleNear(0.2, 1e-6), DoubleNear(0.2, 1e-6)));
  // Beside the written "2", "1" may become any of three.
  EXPECT_THAT(label_shares({token("2", 0.7, {{"1", 0.3}})}, 0, labels),
              ElementsAre(DoubleNear(0.1, 1e-6), DoubleNear(0.1, 1e-6), DoubleNear(0.1, 1e-6), DoubleNear(0.7, 1e-6)));
}

TEST(LabelScores, QuotesMayBeThereOrNot) {
  const std::vector<std::string> names{"\"yes\"", "\"no\"", "\"no one\""}, ids{"0", "1"};
  const std::vector<CompletionToken> quoted{token(" \"", 0.9, {{" yes", 0.1}}),
                                            token("yes", 0.5, {{"no", 0.25}, {"no one", 0.25}})};
  EXPECT_THAT(label_shares(quoted, 0, names),
              ElementsAre(DoubleNear(0.1 + 0.45, 1e-6), DoubleNear(0.1125, 1e-6), DoubleNear(0.1125 + 0.225, 1e-6)));
  EXPECT_THAT(label_shares({token("\"", 1), token("1", 0.75, {{"0", 0.25}}), token("\"", 1)}, 0, ids),
              ElementsAre(DoubleNear(0.25, 1e-6), DoubleNear(0.75, 1e-6)));
  EXPECT_THAT(label_shares({token("\"no", 1), token("\"}", 1)}, 0, names), ElementsAre(0, DoubleNear(1, 1e-6), 0));
}

TEST(LabelScores, NothingWhereNoLabelIs) {
  const std::vector<std::string> ids{"0", "1"};
  EXPECT_THAT(label_shares({token("maybe", 1)}, 0, ids), ElementsAre(0, 0));
  EXPECT_THAT(label_shares({token("a", 1)}, 5, ids), ElementsAre(0, 0)) << "a place behind the end";
  EXPECT_THAT(label_shares({}, 0, ids), ElementsAre(0, 0));
}

}  // namespace
}  // namespace manyshot
