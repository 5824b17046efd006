#include "predict/score_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

class ScorePrompts : public ::testing::Test {
 protected:
  ScorePrompts() {
    std::filesystem::create_directory(folder_ / "model");
    write_tiny_text_model(folder_ / "model", /*context_window=*/256);
    model_ = load_model(folder_ / "model");
  }

  // Log-probabilities of every request in one call; of a refused one nothing.
  std::vector<std::vector<double>> score(const std::vector<ScoreRequest>& requests) const {
    std::vector<std::vector<double>> result;
    size_t next = 0;
    score_prompts(
        *model_,
        [&](ScoreRequest& request) {
          if (next == requests.size()) return false;
          request = requests[next++];
          return true;
        },
        [&](const ScoreRequest& request, const std::vector<ContinuationScore>& scores) {
          EXPECT_EQ(request.prompt, requests[result.size()].prompt) << "answers come in the order of the requests";
          std::vector<double>& values = result.emplace_back();
          for (const ContinuationScore& one : scores) values.push_back(one.log_prob);
        },
        [&](const Error&) { result.emplace_back(); });
    return result;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Model> model_;
};

// Prompts that share nothing, a long beginning, or all of another, long ones and short ones.
std::vector<ScoreRequest> mixed_requests() {
  std::string context;
  for (int i = 0; i < 20; ++i) context += "Row " + std::to_string(i) + " is red. ";
  std::vector<ScoreRequest> requests;
  for (int i = 0; i < 20; ++i) requests.push_back({context + "What is " + std::to_string(i), {" red", " blue", ""}});
  requests.push_back({context, {"Row", "What"}});
  for (int i = 0; i < 20; ++i)
    requests.push_back({std::string(1, static_cast<char>('A' + i)) + " cat", {"s", " sat on a mat"}});
  requests.push_back({context + context, {" red"}});  // longer than the window
  requests.push_back({"The end", {"."}});
  return requests;
}

TEST_F(ScorePrompts, GiveTheSameBitsTogetherAndAlone) {
  const std::vector<ScoreRequest> requests = mixed_requests();
  const auto together = score(requests);
  ASSERT_EQ(together.size(), requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(together[i], score({requests[i]})[0]) << requests[i].prompt;
    EXPECT_EQ(together[i].empty(), i == 41) << i;
  }
}

TEST_F(ScorePrompts, RefuseOneTextOfABatchAlone) {
  std::string longest;
  for (int i = 0; i < 300; ++i) longest += " word";
  std::vector<ScoreRequest> requests(5, {"The cat", {" sat", " ran"}});
  requests[2].continuations.push_back(longest);  // its prompt is short
  const auto scores = score(requests);
  ASSERT_EQ(scores.size(), 5u);
  EXPECT_TRUE(scores[2].empty());
  EXPECT_EQ(scores[3].size(), 2u);
  EXPECT_EQ(scores[1], scores[3]);
}

}  // namespace
}  // namespace manyshot
