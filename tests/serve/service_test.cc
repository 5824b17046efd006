// What a server answers, against the library and the program.
#include "serve/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "encoding/tokenizer/tokenizer.h"
#include "model/language/language_model.h"
#include "serve/served.h"
#include "support/error.h"

namespace manyshot::serve {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Service, CompletionsAreWhatTheLibraryWrites) {
  const Served served;
  const GenerateOptions drawn{.max_tokens = 20, .temperature = .8, .top_p = .9, .top_k = 50, .seed = 7};
  const Json body{{"model", "tiny"},  {"prompt", {"the nurse", "the clerk"}},
                  {"max_tokens", 20}, {"temperature", .8},
                  {"top_p", .9},      {"top_k", 50},
                  {"seed", 7},        {"n", 2}};
  const Json answer = served.post("/v1/completions", body).json();
  ASSERT_EQ(answer["choices"].size(), 4u) << answer.dump();
  for (size_t i = 0; i < 4; ++i) {
    const Generation expected = served.alone(i < 2 ? "the nurse" : "the clerk", drawn, i % 2);
    EXPECT_EQ(answer["choices"][i]["text"], expected.text);
    EXPECT_EQ(answer["choices"][i]["index"], i);
    EXPECT_EQ(answer["choices"][i]["finish_reason"], "length");
    EXPECT_TRUE(answer["choices"][i]["logprobs"].is_null());
  }
  EXPECT_EQ(answer["object"], "text_completion");
  EXPECT_EQ(answer["model"], "tiny");
  EXPECT_THAT(answer["id"].get<std::string>(), StartsWith("cmpl-"));
  EXPECT_GT(answer["created"].get<int64_t>(), 1'700'000'000);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 80);
  EXPECT_EQ(answer["usage"]["total_tokens"], 80 + answer["usage"]["prompt_tokens"].get<int>());
}

TEST(Service, WithoutASeedTextsAreDrawnAnew) {
  const Served served;
  const Json body{{"prompt", "the nurse"}, {"max_tokens", 40}};
  EXPECT_NE(served.post("/v1/completions", body).json()["choices"][0]["text"],
            served.post("/v1/completions", body).json()["choices"][0]["text"]);
}

TEST(Service, TokenIdsArePromptsToo) {
  const Served served;
  const std::vector<TokenId> nurse = prompt_tokens("the nurse", *served.model->tokenizer());
  const Json text{{"prompt", "the nurse"}, {"temperature", 0}};
  Json tokens = text, lists = text;
  tokens["prompt"] = nurse;
  lists["prompt"] = {nurse, nurse};
  const Json expected = served.post("/v1/completions", text).json()["choices"][0]["text"];
  EXPECT_EQ(served.post("/v1/completions", tokens).json()["choices"][0]["text"], expected);
  EXPECT_EQ(served.post("/v1/completions", lists).json()["choices"][1]["text"], expected);
}

TEST(Service, EchoHasTheLogProbsOfThePrompt) {
  const Served served;
  const std::vector<TokenId> prompt = prompt_tokens("the nurse works", *served.model->tokenizer());
  const Branch whole{.tokens = prompt, .first_scored = 1};
  const std::vector<float> expected = served.model->language_model()->score({&whole, 1}).front().log_probs;
  for (const int max_tokens : {0, 1}) {
    const Json body{{"prompt", "the nurse works"}, {"echo", true},     {"logprobs", 3},
                    {"max_tokens", max_tokens},    {"temperature", 0}, {"ignore_eos", true}};
    const Json choice = served.post("/v1/completions", body).json()["choices"][0];
    EXPECT_THAT(choice["text"].get<std::string>(), StartsWith("the nurse works"));
    const Json& columns = choice["logprobs"];
    ASSERT_EQ(columns["tokens"].size(), prompt.size() + static_cast<size_t>(max_tokens));
    EXPECT_TRUE(columns["token_logprobs"][0].is_null());
    EXPECT_TRUE(columns["top_logprobs"][0].is_null());
    size_t offset = 0;
    for (size_t i = 0; i < prompt.size(); ++i) {
      const std::string token(served.model->tokenizer()->token_text(prompt[i]));
      EXPECT_EQ(columns["tokens"][i], token);
      EXPECT_EQ(columns["text_offset"][i], offset);
      offset += token.size();
      if (i == 0) continue;
      EXPECT_EQ(columns["token_logprobs"][i].get<float>(), expected[i - 1]);
      EXPECT_EQ(columns["top_logprobs"][i][token].get<float>(), expected[i - 1]);
      EXPECT_GE(columns["top_logprobs"][i].size(), 3u);
    }
  }
}

// The pieces of a stream, joined, and what must hold for each.
std::string streamed_text(const RawResponse& response, const std::string& object) {
  EXPECT_THAT(response.head, HasSubstr("text/event-stream"));
  EXPECT_THAT(response.body, ::testing::EndsWith("data: [DONE]\n\n"));
  const std::vector<Json> events = response.events();
  const size_t num_choices = events.size() - (events.back()["choices"].empty() ? 1 : 0);
  std::string text;
  for (size_t i = 0; i < events.size(); ++i) {
    const Json& event = events[i];
    EXPECT_EQ(event["id"], events.front()["id"]);
    EXPECT_EQ(event["object"], object);
    EXPECT_EQ(event["model"], "tiny");
    EXPECT_TRUE(event.contains("created") && event.contains("usage"));
    if (i == num_choices) continue;
    const Json& choice = event["choices"][0];
    EXPECT_EQ(choice["finish_reason"].is_null(), i + 1 < num_choices) << event.dump();
    text += choice.contains("text") ? choice["text"].get<std::string>() : choice["delta"].value("content", "");
  }
  return text;
}

TEST(Service, StreamsAreTheWholeInPieces) {
  const Served served;
  Json body{{"prompt", "the nurse"}, {"max_tokens", 50}, {"temperature", 1}, {"seed", 3},
            {"logprobs", 2},         {"echo", true}};
  const Json whole = served.post("/v1/completions", body).json();
  body["stream"] = true;
  const RawResponse stream = served.post("/v1/completions", body);
  EXPECT_EQ(streamed_text(stream, "text_completion"), whole["choices"][0]["text"]);
  Json columns = stream.events().front()["choices"][0]["logprobs"];
  size_t pieces = 0;
  for (const Json& event : stream.events()) {
    if (pieces++ == 0) continue;
    for (auto& [name, column] : columns.items()) {
      for (const Json& value : event["choices"][0]["logprobs"][name]) column.push_back(value);
    }
  }
  EXPECT_EQ(columns, whole["choices"][0]["logprobs"]);
  EXPECT_GT(pieces, 5u);
  EXPECT_EQ(stream.events().back()["choices"][0]["finish_reason"], "length");
}

TEST(Service, ChatsAreWrappedAndStreamed) {
  const Served served;
  Json body{{"messages", {{{"role", "user"}, {"content", "Hi"}}}}, {"max_tokens", 12}, {"temperature", 0}};
  const Json whole = served.post("/v1/chat/completions", body).json();
  const std::string expected =
      served.alone("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", {.max_tokens = 12}).text;
  EXPECT_EQ(whole["choices"][0]["message"]["content"], expected);
  EXPECT_EQ(whole["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(whole["object"], "chat.completion");

  body["messages"][0]["content"] = Json::array({{{"type", "text"}, {"text", "H"}}, {{"type", "text"}, {"text", "i"}}});
  body["logprobs"] = true;
  body["top_logprobs"] = 2;
  const Json parts = served.post("/v1/chat/completions", body).json();
  EXPECT_EQ(parts["choices"][0]["message"]["content"], expected);
  ASSERT_EQ(parts["choices"][0]["logprobs"]["content"].size(), 12u);
  EXPECT_EQ(parts["choices"][0]["logprobs"]["content"][3]["top_logprobs"].size(), 2u);

  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  const RawResponse stream = served.post("/v1/chat/completions", body);
  EXPECT_EQ(streamed_text(stream, "chat.completion.chunk"), expected);
  const std::vector<Json> events = stream.events();
  EXPECT_EQ(events.front()["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(events[events.size() - 2]["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(events.back()["choices"].size(), 0u);
  EXPECT_EQ(events.back()["usage"]["completion_tokens"], 12);
  EXPECT_TRUE(events.front()["usage"].is_null());
}

TEST(Service, TokensAndStatus) {
  const Served served;
  const Json tokens = served.post("/tokenize", {{"prompt", "the nurse"}}).json();
  EXPECT_EQ(tokens["tokens"], Json(prompt_tokens("the nurse", *served.model->tokenizer())));
  EXPECT_EQ(tokens["count"], tokens["tokens"].size());
  EXPECT_EQ(served.post("/tokenize", {{"content", "the nurse"}}).json()["tokens"], tokens["tokens"]);
  EXPECT_EQ(served.post("/detokenize", {{"tokens", tokens["tokens"]}}).json()["prompt"], "the nurse");
  const Json messages{{{"role", "user"}, {"content", "Hi"}}};
  const Json chat = served.post("/tokenize", {{"messages", messages}}).json();
  EXPECT_EQ(served.post("/detokenize", {{"tokens", chat["tokens"]}}).json()["content"],
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(served.get("/tokenizer_info").json()["eos_token"], "<|im_end|>");

  EXPECT_EQ(served.get("/v1/models").json()["data"][0]["id"], "tiny");
  EXPECT_EQ(served.get("/v1/models/tiny").json()["max_model_len"], 8192);
  EXPECT_EQ(served.get("/health").json()["status"], "ok");
  served.post("/v1/completions", {{"prompt", "the nurse"}, {"max_tokens", 3}, {"ignore_eos", true}});
  EXPECT_EQ(served.metric("tokens_total"), 3);
  EXPECT_EQ(served.metric("texts_under_way"), 0);
  EXPECT_THAT(served.get("/metrics").body,
              HasSubstr("manyshot_requests_total{route=\"/tokenize\",status=\"200\"} 3\n"));
}

TEST(Service, TablesAreAnsweredByALanguageModelToo) {
  const TemporaryFolder folder;
  const std::string place = folder / "folder/tiny-tables";
  std::filesystem::create_directories(place);
  write_tiny_text_model(place);
  const Served served({.tables = {.table_models = {place}}});
  const Json rows{{{"age", 20}, {"job", "nurse"}, {"kind", "a"}},
                  {{"age", 30}, {"job", "clerk"}, {"kind", "b"}},
                  {{"age", 25}, {"job", "nurse"}, {"kind", "a"}},
                  {{"age", 35}, {"job", "clerk"}, {"kind", "b"}}};
  const RawResponse fit =
      served.post("/v1/fit", {{"rows", rows}, {"target", "kind"}, {"model", "tiny-tables"}, {"name", "f"}});
  ASSERT_EQ(fit.status, 200) << fit.body;
  EXPECT_EQ(fit.json()["model"]["name"], "tiny-tables");
  EXPECT_EQ(fit.json()["options"]["model"], "tiny-tables");
  const Json asked{{"rows", Json::array({{{"age", 27}, {"job", "cook"}}})}, {"fit", "f"}};
  EXPECT_EQ(served.post("/v1/predict", asked).json()["probabilities"][0].size(), 2u);
  Json prompt = asked;
  prompt["layout"] = "messages";
  EXPECT_THAT(served.post("/v1/prompt", prompt).body, HasSubstr("\"messages\""));
  EXPECT_EQ(served.post("/v1/fit", {{"rows", rows}, {"target", "kind"}, {"model", place}}).status, 404);
  prompt["model"] = "default";
  const RawResponse refused = served.post("/v1/prompt", prompt);
  EXPECT_THAT(refused.message(), HasSubstr("default is a compact model"));
  EXPECT_THAT(refused.message(), ::testing::Not(HasSubstr("/")));
}

TEST(Service, RefusesModelsAndAddresses) {
  const Served served;
  EXPECT_ERROR((Service(served.model, {.port = served.service->port()})), ErrorKind::kBadInput,
               "cannot listen on 127.0.0.1:");
  EXPECT_ERROR((Service(served.model, {.host = "0.0.0.0", .port = 0})), ErrorKind::kBadInput, "--api-key-file");
}

}  // namespace
}  // namespace manyshot::serve
