// Endpoints among the models of an evaluation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/evaluation.h"
#include "support/error.h"
#include "support/fake_server.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

std::string some_table(size_t num_rows) {
  std::string text = "size,weight,label\n";
  for (size_t row = 0; row < num_rows; ++row) {
    text += std::to_string(row * 37 % 101) + "," + std::to_string(row % 7) + (row % 3 == 0 ? ",a\n" : ",b\n");
  }
  return text;
}

EvaluateOptions options_for(const TemporaryFolder& folder, const FakeServer& server) {
  EvaluateOptions options;
  options.tables = {folder.write("tables/one.csv", some_table(300)), folder.write("tables/two.csv", some_table(60))};
  options.models = {"openai:tiny", "majority"};
  options.shots = {8, 16};
  options.out = folder / "results";
  options.endpoint.base_url = server.base_url();
  options.endpoint.api_key_env = "MANYSHOT_TEST_NO_KEY";
  return options;
}

TEST(EndpointEvaluation, UnitsWaitTogetherAndAreDoneOnce) {
  const TemporaryFolder folder;
  const FakeServer server([](const FakeRequest&, size_t) {
    FakeResponse response = chat_response(R"([{"id": 0, "label": 0}])");
    response.delay = std::chrono::milliseconds(30);
    return response;
  });
  const EvaluateOptions options = options_for(folder, server);
  EXPECT_EQ(Evaluation(options, "1").run(), 8u);
  EXPECT_EQ(server.requests().size(), 6u) << "60 queries take two prompts, 12 one, at two numbers of shots";
  EXPECT_GT(server.most_at_once(), 1u);
  Evaluation again(options, "1");
  EXPECT_EQ(again.run(), 0u);
  EXPECT_EQ(server.requests().size(), 6u);
  EXPECT_EQ(again.summarise().units.size(), 8u);
}

TEST(EndpointEvaluation, ALedgerIsForOneWayToAsk) {
  const TemporaryFolder folder;
  const FakeServer server([](const FakeRequest&, size_t) { return chat_response("[]"); });
  EvaluateOptions options = options_for(folder, server);
  Evaluation(options, "1").run();
  options.endpoint.concurrency = 1;
  EXPECT_EQ(Evaluation(options, "1").run(), 0u) << "how fast it is asked does not matter";
  options.endpoint.temperature = 1;
  EXPECT_ERROR(Evaluation(options, "1").run(), ErrorKind::kBadInput, "openai:tiny");
}

}  // namespace
}  // namespace manyshot
