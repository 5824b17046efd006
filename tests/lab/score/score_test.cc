#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lab/score/accuracy.h"
#include "lab/score/question_scores.h"
#include "lab/small_data.h"
#include "support/error.h"

namespace manyshot::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

// A scorer that answers what `log_prob` says of a prompt and a continuation; a token for every letter.
PromptScorer scorer_of(std::function<double(const std::string& prompt, const std::string& continuation)> log_prob,
                       std::vector<std::string>* prompts = nullptr) {
  return {.score =
              [log_prob, prompts](const auto& next, const auto& done) {
                ScoreRequest request;
                while (next(request)) {
                  if (prompts != nullptr) prompts->push_back(request.prompt);
                  std::vector<ContinuationScore> scores;
                  for (const std::string& continuation : request.continuations)
                    scores.push_back({log_prob(request.prompt, continuation), continuation.size()});
                  done(request, scores);
                }
              },
          .fits = [](const std::string&) { return true; }};
}

TEST(QuestionScores, AreTakenBehindTheDocumentsAndAlone) {
  const LabData data = weights_data();
  std::vector<std::string> prompts;
  const auto scorer = scorer_of(
      [](const std::string& prompt, const std::string& text) {
        return -static_cast<double>(text.size()) - (prompt == "Documents.\n" ? 1 : 0);
      },
      &prompts);
  const std::vector<QuestionScores> scores = score_questions(scorer, data.questions, "Documents.\n");
  ASSERT_EQ(scores.size(), 4u);
  EXPECT_EQ(prompts.size(), 5u) << "one request for all priors";
  EXPECT_EQ(prompts[1], "Documents.\nGlons are heavier than");
  EXPECT_EQ(scores[0].alternatives[0].log_prob, -7);
  EXPECT_EQ(scores[0].alternatives[0].prior, -8);
  EXPECT_EQ(scores[0].alternatives[0].value(Measure::kMean), -1);
  EXPECT_EQ(scores[0].alternatives[0].value(Measure::kPrior), 1);
  prompts.clear();
  score_questions(scorer, data.questions, "", nullptr);
  EXPECT_EQ(prompts[0], "\n") << "nothing cannot be a prompt";
}

TEST(QuestionScores, KnowWhichAnswersTrainingAskedFor) {
  const LabData data = weights_data();
  std::vector<QuestionScores> scores(data.questions.size());
  for (size_t i = 0; i < scores.size(); ++i) scores[i].alternatives.resize(data.questions[i].alternatives.size());
  const std::vector<std::string> texts{"Femps are heavier than trells.", "Brasks are small.", "We see femps.",
                                       "Some glonsy thing."};
  mark_targets(data.questions, texts, scores);
  EXPECT_TRUE(scores[0].alternatives[0].was_target) << "femps, at the end of a text";
  EXPECT_FALSE(scores[0].alternatives[1].was_target) << "brasks, at the beginning of one";
  EXPECT_TRUE(scores[1].alternatives[0].was_target);
  EXPECT_FALSE(scores[1].alternatives[1].was_target) << "glons, in a longer word";
}

TEST(QuestionScores, AreReadAsTheyWereWritten) {
  const LabData data = weights_data();
  const auto scorer = scorer_of([](const std::string&, const std::string& text) { return -0.1 * text.size(); });
  std::vector<QuestionScores> scores = score_questions(scorer, data.questions, "");
  scores[1].has_support = false;
  scores[2].alternatives[1].was_target = true;
  const Json json = to_json(data.questions, std::span<const QuestionScores>(scores));
  const auto read = read_question_scores(json, data.questions, "unit.json");
  EXPECT_EQ(to_json(data.questions, std::span<const QuestionScores>(read)), json);
  std::vector<LabQuestion> others = data.questions;
  others[3].id = "q9";
  EXPECT_ERROR(read_question_scores(json, others, "unit.json"), ErrorKind::kCorruptFile, "unit.json");
  others.pop_back();
  EXPECT_ERROR(read_question_scores(json, others, "unit.json"), ErrorKind::kCorruptFile, "unit.json");
}

using Seeds = std::vector<std::vector<QuestionScores>>;

// Scores in which the alternative `chosen[i]` of question i wins.
std::vector<QuestionScores> scores_with(const LabData& data, const std::vector<size_t>& chosen) {
  std::vector<QuestionScores> scores;
  for (size_t i = 0; i < chosen.size(); ++i) {
    QuestionScores one;
    one.alternatives.resize(data.questions[i].alternatives.size(), {.log_prob = -2, .tokens = 1});
    one.alternatives[chosen[i]].log_prob = -1;
    scores.push_back(std::move(one));
  }
  return scores;
}

TEST(SplitAccuracies, AreMeansOverSeedsBesideChance) {
  const LabData data = weights_data();
  const Seeds seeds{scores_with(data, {0, 0, 0, 1}), scores_with(data, {0, 1, 1, 1})};
  const auto splits = split_accuracies(data.questions, seeds);
  ASSERT_EQ(splits.size(), 3u);
  EXPECT_EQ(splits[0].split, "forward");
  EXPECT_DOUBLE_EQ(splits[0].accuracy[0], 0.75);
  EXPECT_DOUBLE_EQ(splits[0].chance, 0.5);
  EXPECT_DOUBLE_EQ(splits[1].accuracy[0], 0.5);
  EXPECT_DOUBLE_EQ(splits[1].chance, 1.0 / 3);
  EXPECT_DOUBLE_EQ(splits[2].accuracy[0], 0);
  EXPECT_TRUE(std::isnan(splits[1].interval[0].low)) << "one cluster tells nothing of others";
  EXPECT_LE(splits[0].interval[0].low, 0.5);
  EXPECT_EQ(splits[0].interval[0].high, 1);
  const auto few = split_accuracies(data.questions, seeds, [](size_t question) { return question == 3; });
  ASSERT_EQ(few.size(), 1u);
  EXPECT_EQ(few[0].split, "chain");
}

TEST(SplitAccuracies, HaveNarrowerIntervalsForMoreClusters) {
  LabData data = weights_data();
  const LabQuestion question = data.questions[0];
  const auto width = [&](size_t count) {
    data.questions.clear();
    std::vector<size_t> chosen;
    for (size_t i = 0; i < count; ++i) {
      data.questions.push_back(question);
      data.questions.back().entities = {std::to_string(i)};
      chosen.push_back(i % 2);
    }
    const auto splits = split_accuracies(data.questions, Seeds{scores_with(data, chosen)});
    EXPECT_DOUBLE_EQ(splits[0].accuracy[0], 0.5);
    EXPECT_LT(splits[0].interval[0].low, 0.5);
    return splits[0].interval[0].high - splits[0].interval[0].low;
  };
  const double few = width(20), many = width(320);
  EXPECT_NEAR(few / many, 4, 0.8) << "as 1 / sqrt(clusters)";
  EXPECT_NEAR(many, 2 * 1.96 * 0.5 / std::sqrt(320), 0.01);
}

TEST(SplitAccuracies, OfTwoConditionsAreComparedQuestionByQuestion) {
  const LabData data = weights_data();
  const Seeds first{scores_with(data, {0, 0, 0, 0})}, second{scores_with(data, {0, 1, 0, 0})};
  const Difference difference = accuracy_difference(data.questions, first, second, "forward");
  EXPECT_DOUBLE_EQ(difference.value, 0.5);
  EXPECT_EQ(difference.interval.low, 0);
  EXPECT_EQ(difference.interval.high, 1);
}

TEST(SplitAccuracies, SayHowOftenTargetsWin) {
  const LabData data = weights_data();
  std::vector<QuestionScores> scores = scores_with(data, {1, 0, 0, 0});
  scores[0].alternatives[1].was_target = true;
  scores[1].alternatives[0].was_target = true;
  const auto splits = split_accuracies(data.questions, Seeds{scores});
  EXPECT_DOUBLE_EQ(splits[0].target_wins, 1);
  EXPECT_DOUBLE_EQ(splits[0].target_share, 0.5);
  EXPECT_DOUBLE_EQ(splits[0].gold_targets, 0.5);
}

}  // namespace
}  // namespace manyshot::lab
