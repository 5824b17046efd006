// What predictor.h promises about threads: every kind of predictor, asked by several at once. The thread sanitizer's
// build (cmake --preset tsan) makes of this a search for races.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "predict/baselines.h"
#include "predict/testing.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using testing::clouds;

constexpr size_t kThreads = 4, kCallsPerThread = 3;

// Asks for the same rows from several threads, and for what is counted in between. Returns how many answers there were.
size_t expect_same_answers(const Predictor& predictor, const Table& queries) {
  const std::vector<double> alone = predictor.predict(queries);
  std::vector<std::vector<double>> answers(kThreads * kCallsPerThread);
  std::vector<uint64_t> counted(kThreads);
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t call = 0; call < kCallsPerThread; ++call) {
        answers[thread * kCallsPerThread + call] = predictor.predict(queries);
        counted[thread] =
            predictor.answer_report().written_answers() + predictor.closing_notes().size() + predictor.notes().size();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& answer : answers) EXPECT_EQ(answer, alone);
  return 1 + answers.size();
}

TEST(PredictorThreads, Baselines) {
  const LabelledTable shots = clouds(30, 2, 1, 1);
  for (const std::string& name : baseline_names()) {
    SCOPED_TRACE(name);
    expect_same_answers(*open_method(name)->fit(shots), clouds(20, 2, 1, 2).features);
  }
}

TEST(PredictorThreads, CompactModels) {
  expect_same_answers(*open_method("default", {.ensemble = 2})->fit(clouds(12, 2, 1, 1)), clouds(9, 2, 1, 2).features);
}

TEST(PredictorThreads, LanguageModelsWhoseAnswersAreScored) {
  const TemporaryFolder folder;
  write_tiny_text_model(folder.path());
  expect_same_answers(*open_method(folder.path(), {.ensemble = 2})->fit(clouds(6, 2, 1, 1)),
                      clouds(4, 2, 1, 2).features);
}

TEST(PredictorThreads, LanguageModelsThatWriteTheirAnswers) {
  const TemporaryFolder folder;
  write_tiny_text_model(folder.path());
  const auto predictor = open_method(folder.path(), {.answers = Answers::kSequential})->fit(clouds(6, 2, 1, 1));
  const size_t num_calls = expect_same_answers(*predictor, clouds(2, 2, 1, 2).features);
  EXPECT_EQ(predictor->answer_report().written_answers(), 2 * num_calls) << "every answer is counted once";
  EXPECT_EQ(predictor->answer_report().responses, num_calls);
}

TEST(PredictorThreads, TasksAreFittedAtTheSameTime) {
  const auto method = open_method("default", {.ensemble = 2});
  const Table queries = clouds(5, 2, 1, 2).features;
  std::vector<std::vector<double>> answers(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<double>& answer : answers) {
    threads.emplace_back([&] { answer = method->fit(clouds(12, 2, 1, 1))->predict(queries); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& answer : answers)
    EXPECT_EQ(answer, method->fit(clouds(12, 2, 1, 1))->predict(queries));
}

}  // namespace
}  // namespace manyshot
