// The whole way from tables over a local server to probabilities.
#include "evaluate/endpoint/endpoint_method.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>
#include <set>

#include "encoding/text/text_prompt.h"
#include "support/error.h"
#include "support/fake_server.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Rows of one number; class b for the larger half. Class c has no rows, b has the most.
LabelledTable task(size_t num_rows) {
  LabelledTable shots{.features = {.num_rows = num_rows}, .classes = {"a", "b", "c"}};
  Column size{.name = "size"}, constant{.name = "constant", .numbers = std::vector<double>(num_rows, 1)};
  for (size_t row = 0; row < num_rows; ++row) {
    size.numbers.push_back(static_cast<double>(row));
    shots.labels.push_back(2 * row < num_rows - 1 ? 0 : 1);
  }
  shots.features.columns = {std::move(size), std::move(constant)};
  return shots;
}

std::string prompt_of(const FakeRequest& request) {
  return request.body.contains("prompt") ? request.body["prompt"].get<std::string>()
                                         : request.body["messages"].back()["content"].get<std::string>();
}

// The values in the queries' lines of a prompt. Expressions are made once: the library reads the locale as it makes
// one, which the thread sanitizer takes for a race.
std::vector<int> query_values(const FakeRequest& request) {
  const std::string prompt = prompt_of(request);
  static const std::regex line("ID \\d+:(\\d+)");
  std::vector<int> values;
  for (std::sregex_iterator match(prompt.begin(), prompt.end(), line), end; match != end; ++match) {
    values.push_back(std::stoi((*match)[1]));
  }
  return values;
}

// The label that large rows (above 500) or small ones have in the prompt.
int label_of(bool large, const FakeRequest& request) {
  const std::string prompt = prompt_of(request);
  static const std::regex line("\n(\\d+)\\|(\\d)");
  for (std::sregex_iterator match(prompt.begin(), prompt.end(), line), end; match != end; ++match) {
    const int value = std::stoi((*match)[1]);
    if (value != 500 && (value > 500) == large) return std::stoi((*match)[2]);
  }
  return -1;
}

// A server that has understood the task.
FakeResponse right_answer(const FakeRequest& request, size_t) {
  std::string content;
  const std::vector<int> values = query_values(request);
  for (size_t id = 0; id < values.size(); ++id) {
    content += fmt::format("{}{{\"id\": {}, \"label\": {}}}", id == 0 ? "[" : ", ", id,
                           label_of(/*large=*/values[id] >= 500, request));
  }
  return chat_response(content + "]");
}

EndpointOptions options_for(const FakeServer& server) {
  return {.base_url = server.base_url(), .api_key_env = "MANYSHOT_TEST_NO_KEY", .request_timeout_s = 20};
}

struct Predicted {
  std::vector<double> probabilities;
  AnswerReport report;
  std::vector<std::string> notes;
};
Predicted predict(const EndpointOptions& endpoint, const LabelledTable& shots, const Table& queries,
                  const MethodOptions& options = {}) {
  const auto predictor = open_endpoint_method("openai:tiny", endpoint, options, /*seed=*/3)->fit(shots);
  Predicted result{.probabilities = predictor->predict(queries)};
  result.report = predictor->answer_report();
  result.notes = predictor->closing_notes();
  return result;
}

TEST(EndpointMethod, AsksForFiftyQueriesAtATimeOnceAMember) {
  const FakeServer server(right_answer);
  const LabelledTable shots = task(9), queries = task(120);
  const Predicted predicted = predict(options_for(server), shots, queries.features, {.ensemble = 2});
  ASSERT_EQ(predicted.probabilities.size(), 360u);
  // The labelled rows reach from 0 to 8, so queries above 4.5 belong to class b.
  EXPECT_EQ(predicted.probabilities[0], 1);
  EXPECT_EQ(predicted.probabilities[119 * 3 + 1], 1);
  EXPECT_EQ(predicted.report.responses, 6u);
  EXPECT_EQ(predicted.report.by_id, 240u);
  EXPECT_EQ(predicted.report.prompt_tokens, 600u);
  std::multiset<size_t> sizes;
  for (const FakeRequest& request : server.requests()) {
    sizes.insert(query_values(request).size());
    EXPECT_EQ(request.target, "/v1/chat/completions");
    EXPECT_EQ(request.body["temperature"], 0);
    EXPECT_EQ(request.body["max_tokens"], 1024);
    EXPECT_EQ(request.body["top_logprobs"], 10);
    EXPECT_EQ(request.body["messages"][0]["content"], kSystemText);
    EXPECT_THAT(prompt_of(request), HasSubstr("Each sample = 1 features + 1 label.  Label set = ["));
  }
  EXPECT_EQ(sizes, (std::multiset<size_t>{20, 20, 50, 50, 50, 50}));
}

TEST(EndpointMethod, ConcurrencyChangesNothing) {
  const FakeServer server([](const FakeRequest& request, size_t n) {
    FakeResponse response = right_answer(request, n);
    response.delay = std::chrono::milliseconds(20 + 7 * (n % 3));
    return response;
  });
  const LabelledTable shots = task(9), queries = task(170);
  EndpointOptions options = options_for(server);
  options.concurrency = 1;
  const Predicted serial = predict(options, shots, queries.features, {.ensemble = 2});
  EXPECT_EQ(server.most_at_once(), 1u);
  options.concurrency = 8;
  const Predicted parallel = predict(options, shots, queries.features, {.ensemble = 2});
  EXPECT_GT(server.most_at_once(), 2u);
  EXPECT_EQ(parallel.probabilities, serial.probabilities);
  EXPECT_EQ(parallel.report.by_id, serial.report.by_id);
}

TEST(EndpointMethod, PlainTextCompletions) {
  const FakeServer server([](const FakeRequest&, size_t) {
    return FakeResponse{.body = R"({"choices": [{"text": "[{\"id\": 0, \"label\": 0}]"}]})"};
  });
  EndpointOptions options = options_for(server);
  options.endpoint_api = EndpointApi::kCompletions;
  predict(options, task(9), task(1).features);
  predict(options, task(9), task(1).features, {.prompt = {.chat = ChatWrapping::kTrained}});
  EXPECT_EQ(server.requests()[0].target, "/v1/completions");
  EXPECT_EQ(server.requests()[0].body["logprobs"], 10);
  EXPECT_TRUE(prompt_of(server.requests()[0]).starts_with(std::string(kSystemText) + "\n\n[Data]"));
  EXPECT_TRUE(prompt_of(server.requests()[1]).starts_with("<|im_start|>system\nYou are Qwen"));
}

TEST(EndpointMethod, LayersBelowTheWrittenAnswers) {
  // For two queries: wrong counts, repeated ids, one-based ids, damaged and no JSON.
  struct Case {
    const char* content;
    uint64_t by_id, by_position, by_majority, invalid_json, wrong_count, duplicate_ids;
  };
  const Case cases[] = {
      {R"([{"id": 0, "label": 0}, {"id": 1, "label": 0}])", 2, 0, 0, 0, 0, 0},
      {R"([{"id": 1, "label": 0}])", 1, 0, 1, 0, 1, 0},
      {R"([{"id": 0, "label": 0}, {"id": 0, "label": 1}, {"id": 1, "label": 0}])", 2, 0, 0, 0, 1, 1},
      {R"([{"id": 1, "label": 0}, {"id": 2, "label": 0}])", 0, 2, 0, 0, 0, 0},
      {R"(Here: [{"id": 0, "label": 0}, {"id": 1, "lab)", 1, 0, 1, 1, 1, 0},
      {"I cannot help with that.", 0, 0, 2, 1, 1, 0},
  };
  const MethodOptions options{.prompt = {.labels = LabelText::kNames}};
  for (const Case& expected : cases) {
    const FakeServer server([&](const FakeRequest&, size_t) {
      return chat_response(
          std::regex_replace(std::string(expected.content), std::regex("label\": \\d"), "label\": \"a\""));
    });
    const Predicted predicted = predict(options_for(server), task(9), task(2).features, options);
    EXPECT_EQ(predicted.report.by_id, expected.by_id) << expected.content;
    EXPECT_EQ(predicted.report.by_position, expected.by_position) << expected.content;
    EXPECT_EQ(predicted.report.by_majority, expected.by_majority) << expected.content;
    EXPECT_EQ(predicted.report.invalid_json, expected.invalid_json) << expected.content;
    EXPECT_EQ(predicted.report.wrong_count, expected.wrong_count) << expected.content;
    EXPECT_EQ(predicted.report.duplicate_ids, expected.duplicate_ids) << expected.content;
  }
}

// A response of one element whose label stands in a token of its own, the first of `choices`.
FakeResponse scored_response(const std::vector<std::pair<std::string, double>>& choices) {
  const auto& [label, probability_of_label] = choices.front();
  const std::string start = "[{\"id\": 0, \"label\": ", end = "}]";
  Json top = Json::array();
  for (const auto& [text, probability] : choices) top.push_back({{"token", text}, {"logprob", std::log(probability)}});
  const auto token = [](const std::string& text) { return Json{{"token", text}, {"logprob", 0.0}}; };
  Json scored = token(label);
  scored["logprob"] = std::log(probability_of_label);
  scored["top_logprobs"] = top;
  Json json = Json::parse(chat_response(start + label + end).body);
  json["choices"][0]["logprobs"]["content"] = Json::array({token(start), scored, token(end)});
  return {.body = json.dump()};
}

TEST(EndpointMethod, ProbabilitiesComeFromTheLabelToken) {
  const MethodOptions names{.prompt = {.labels = LabelText::kNames}};
  const FakeServer known([](const FakeRequest&, size_t) {
    return scored_response({{"\"a\"", 0.6}, {"\"b\"", 0.2}, {"\"c\"", 0.2}});
  });
  const Predicted written = predict(options_for(known), task(9), task(1).features, names);
  EXPECT_THAT(written.probabilities, ElementsAre(DoubleNear(0.75, 1e-6), DoubleNear(0.25, 1e-6), 0))
      << "class c has no labelled rows";

  const FakeServer unknown([](const FakeRequest&, size_t) {
    return scored_response({{"\"?\"", 0.6}, {"\"a\"", 0.3}, {"\"b\"", 0.1}});
  });
  const Predicted read = predict(options_for(unknown), task(9), task(1).features, names);
  EXPECT_THAT(read.probabilities, ElementsAre(DoubleNear(0.75, 1e-6), DoubleNear(0.25, 1e-6), 0));
  EXPECT_EQ(read.report.by_probability, 1u);
  EXPECT_EQ(read.report.unknown_labels, 1u);
}

TEST(EndpointMethod, MembersProbabilitiesAreSummed) {
  const FakeServer server([](const FakeRequest&, size_t n) {
    return n == 0 ? scored_response({{"\"a\"", 0.9}, {"\"b\"", 0.1}})
                  : scored_response({{"\"b\"", 0.6}, {"\"a\"", 0.4}});
  });
  EndpointOptions options = options_for(server);
  options.concurrency = 1;
  const Predicted predicted =
      predict(options, task(9), task(1).features, {.ensemble = 2, .prompt = {.labels = LabelText::kNames}});
  EXPECT_THAT(predicted.probabilities, ElementsAre(DoubleNear(0.65, 1e-6), DoubleNear(0.35, 1e-6), 0));
}

TEST(EndpointMethod, ARerunIsAnsweredByTheCache) {
  const TemporaryFolder folder;
  const FakeServer server(right_answer);
  EndpointOptions options = options_for(server);
  options.response_cache = folder.path();
  options.prompt_price = 1;
  const LabelledTable shots = task(9), queries = task(60);
  const Predicted first = predict(options, shots, queries.features), second = predict(options, shots, queries.features);
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(second.probabilities, first.probabilities);
  EXPECT_EQ(second.report.cached, 2u);
  EXPECT_DOUBLE_EQ(first.report.cost, 200 / 1e6);
  EXPECT_THAT(first.notes[1], HasSubstr("tiny: 2 requests, 0 of them repeated, 0 responses from the cache; 200 prompt "
                                        "and 40 answer tokens, cost 0.0002"));
}

TEST(EndpointMethod, CutAnswersAreCounted) {
  const FakeServer server([](const FakeRequest&, size_t) {
    return FakeResponse{.body = R"({"choices": [{"message": {"content": "[{\"id\": 0"}, "finish_reason": "length"}]})"};
  });
  const Predicted predicted = predict(options_for(server), task(9), task(1).features);
  EXPECT_EQ(predicted.report.cut, 1u);
  EXPECT_THAT(predicted.notes.back(), HasSubstr("raise --max-tokens"));
}

TEST(EndpointMethod, ErrorsReachTheCaller) {
  const FakeServer server(
      [](const FakeRequest&, size_t) { return FakeResponse{.status = 404, .body = "no such model"}; });
  EXPECT_ERROR(predict(options_for(server), task(9), task(300).features), ErrorKind::kNotFound, "no such model");
  EXPECT_ERROR(predict(options_for(server), task(9), task(1).features, {.prompt = {.format = PromptStyle::kCompact}}),
               ErrorKind::kBadInput, "compact");
  EXPECT_ERROR(predict(options_for(server), task(9), task(1).features, {.adapter = "x"}), ErrorKind::kUnsupported,
               "--adapter");
}

}  // namespace
}  // namespace manyshot
