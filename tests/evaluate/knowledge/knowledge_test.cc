// Multiple-choice questions: reading them, asking them, adding up.
#include "evaluate/knowledge/knowledge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/parallel.h"
#include "evaluate/knowledge/general_ability.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kHeader = "subject,question,A,B,C,D,answer\n";

TEST(Questions, CellsComeAsTheyStand) {
  const TemporaryFolder folder;
  const auto questions = read_questions(
      folder.write("q.csv",
                   "id,answer,subject,question,A,B,C,D\n"
                   "7,D,high_school_maths,\"Is 1 | 2, \"\"or\"\" not?\",1.50,None,N/A,\"two\nlines\"\n"));
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].subject, "high_school_maths");
  EXPECT_EQ(questions[0].question, "Is 1 | 2, \"or\" not?");
  EXPECT_THAT(questions[0].choices, ElementsAre("1.50", "None", "N/A", "two\nlines"));
  EXPECT_EQ(questions[0].answer, 3u);
}

TEST(Questions, BadFilesAreErrors) {
  const TemporaryFolder folder;
  const std::string header = kHeader;
  EXPECT_ERROR(read_questions(folder / "none.csv"), ErrorKind::kNotFound, "none.csv");
  EXPECT_ERROR(read_questions(folder.write("a.csv", "")), ErrorKind::kBadInput, "empty");
  EXPECT_ERROR(read_questions(folder.write("b.csv", header)), ErrorKind::kBadInput, "no rows");
  EXPECT_ERROR(read_questions(folder.write("c.csv", "subject,question,A,B,C,answer\ns,q,1,2,3,A\n")),
               ErrorKind::kNotFound, "\"D\"");
  EXPECT_ERROR(read_questions(folder.write("d.csv", header + "s,q,1,2,3,4,A\ns,q,1,2,3,4,E\n")), ErrorKind::kBadInput,
               "row 1 (counted from 0), column \"answer\": expected A, B, C or D, found E");
  EXPECT_ERROR(read_questions(folder.write("e.csv", header + "s,q,1,,3,4,A\n")), ErrorKind::kBadInput,
               "column \"B\" is empty");
  EXPECT_ERROR(read_questions(folder.write("f.csv", header + "s,q\xff,1,2,3,4,A\n")), ErrorKind::kBadInput, "UTF-8");
}

TEST(Knowledge, PromptsHaveTheFormOfMmlu) {
  const std::vector<Question> questions{
      {.subject = "high_school_biology", .question = "What?", .choices = {"p", "q", "r", "s"}, .answer = 2},
      {.subject = "high_school_biology", .question = "Why?", .choices = {"1", "2", "3", "4"}, .answer = 1}};
  EXPECT_EQ(knowledge_prompt(questions, 0, std::vector<size_t>{1}),
            "The following are multiple choice questions (with answers) about high school biology.\n\n"
            "Why?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer: B\n\n"
            "What?\nA. p\nB. q\nC. r\nD. s\nAnswer:");
}

std::vector<Question> questions_of(const std::map<std::string, size_t>& counts) {
  std::vector<Question> questions;
  for (const auto& [subject, count] : counts) {
    for (size_t i = 0; i < count; ++i) {
      questions.push_back({.subject = subject,
                           .question = subject + " question " + std::to_string(i) + "?",
                           .choices = {"p", "q", "r", "s"},
                           .answer = i % kNumChoices});
    }
  }
  return questions;
}

// Answers A with probability 0.4 and the others with 0.2, and remembers what it was asked.
PromptScorer always_a(std::vector<std::string>& prompts, size_t longest = 1'000'000) {
  return {.score =
              [&prompts](const auto& next, const auto& done) {
                for (ScoreRequest request; next(request);) {
                  prompts.push_back(request.prompt);
                  std::vector<ContinuationScore> scores;
                  for (const std::string& continuation : request.continuations) {
                    scores.push_back({.log_prob = std::log(continuation == " A" ? 0.4 : 0.2)});
                  }
                  done(request, scores);
                }
              },
          .fits = [longest](const std::string& text) { return text.size() <= longest; }};
}

size_t count(const std::string& text, const std::string& part) {
  size_t number = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
  return number;
}

TEST(Knowledge, AddsUpOverQuestionsAndSubjects) {
  std::vector<std::string> prompts;
  const KnowledgeResult result = score_knowledge(always_a(prompts), questions_of({{"x", 4}, {"y", 2}}), 0, 1);
  EXPECT_EQ(result.all.num_correct, 2u);
  EXPECT_DOUBLE_EQ(result.all.value(), 2 / 6.0);
  EXPECT_DOUBLE_EQ(result.all.standard_error(), std::sqrt(2 / 6.0 * 4 / 6 / 6));
  EXPECT_DOUBLE_EQ(result.macro_accuracy, (0.25 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(result.macro_standard_error, std::sqrt(0.25 * 0.75 / 4 + 0.5 * 0.5 / 2) / 2);
  EXPECT_NEAR(result.log_loss, -(2 * std::log(0.4) + 4 * std::log(0.2)) / 6, 1e-12);
  EXPECT_EQ(result.answers[5].chosen, 0u);
  EXPECT_EQ(to_json(result)["subjects"]["y"]["accuracy"], 0.5);
}

TEST(Knowledge, DemonstrationsAreOtherQuestionsOfTheSubject) {
  std::vector<std::string> prompts, again, other_seed;
  const std::vector<Question> questions = questions_of({{"large", 12}, {"small", 3}});
  const KnowledgeResult result = score_knowledge(always_a(prompts), questions, 4, 1);
  ASSERT_EQ(prompts.size(), 15u);
  for (size_t i = 0; i < 15; ++i) {
    const std::string& own = questions[i].question;
    EXPECT_EQ(count(prompts[i], own), 1u) << "the question itself is no demonstration";
    EXPECT_EQ(count(prompts[i], questions[i].subject + " question"), i < 12 ? 5u : 3u);
    EXPECT_THAT(prompts[i], HasSubstr("\n\n" + own));
  }
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("1 subjects have no 4 other questions")));
  score_knowledge(always_a(again), questions, 4, 1);
  score_knowledge(always_a(other_seed), questions, 4, 2);
  EXPECT_EQ(again, prompts);
  EXPECT_NE(other_seed, prompts);
}

TEST(Knowledge, LongPromptsHaveFewerDemonstrations) {
  std::vector<std::string> prompts;
  const KnowledgeResult result = score_knowledge(always_a(prompts, /*longest=*/250), questions_of({{"x", 9}}), 5, 1);
  for (const std::string& prompt : prompts) EXPECT_LE(prompt.size(), 250u);
  EXPECT_EQ(count(prompts[0], "Answer:"), 4u);
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("9 prompts would not fit")));
}

TEST(Knowledge, TheSameBitsForAnyNumberOfThreads) {
  const TemporaryFolder folder;
  write_tiny_text_model(folder.path());
  const auto model = load_model(folder.path());
  const std::vector<Question> questions = questions_of({{"x", 7}, {"y", 5}});
  set_num_threads(1);
  const Json one = to_json(score_knowledge(local_scorer(*model), questions, 3, 1));
  set_num_threads(7);
  EXPECT_EQ(to_json(score_knowledge(local_scorer(*model), questions, 3, 1)), one);
  set_num_threads(0);
}

TEST(GeneralAbility, ATableAndErrorsOfModelsWithoutText) {
  const TemporaryFolder folder;
  const TemporaryFolder model;
  write_tiny_text_model(model.path());
  const GeneralAbilityOptions options{
      .knowledge = folder.write("q.csv", std::string(kHeader) + "s,q,1,2,3,4,A\n"),
      .perplexity = folder.write("t.txt", "A text of some words.\nAnd another line.\n")};
  const GeneralAbility result = measure_general_ability(model.path(), options, {}, {}, 1);
  EXPECT_EQ(measure_general_ability(model.path(), options, {.adapter = "none"}, {}, 1).perplexity->log_prob,
            result.perplexity->log_prob);
  EXPECT_THAT(general_ability_table(std::span(&result, 1)),
              ::testing::AllOf(HasSubstr("accuracy, %"), HasSubstr("bits/byte")));
  EXPECT_EQ(to_json(result)["knowledge"]["questions"], 1);
  EXPECT_GT(to_json(result)["perplexity"]["tokens"], 5);
  EXPECT_ERROR(measure_general_ability("default", {.knowledge = options.knowledge}, {}, {}, 1), ErrorKind::kUnsupported,
               "reads table rows only");
  EXPECT_ERROR(measure_general_ability("default", {.perplexity = options.perplexity}, {}, {}, 1),
               ErrorKind::kUnsupported, "reads table rows only");
}

}  // namespace
}  // namespace manyshot
