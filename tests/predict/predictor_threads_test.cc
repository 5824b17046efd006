// What predictor.h promises about threads: every kind of predictor, asked by several at once. The thread sanitizer's
// build (cmake --preset tsan) makes of this a search for races.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "core/rng.h"
#include "support/models/tiny_text_model.h"
#include "support/models/random_model.h"
#include "predict/baselines.h"

namespace manyshot {
namespace {

constexpr size_t kThreads = 4, kCallsPerThread = 3;

LabelledTable random_task(size_t num_rows, uint64_t seed) {
  const Rng rng(seed);
  LabelledTable shots{.features = {.num_rows = num_rows}, .classes = {"a", "b", "c"}};
  shots.features.columns = {{.name = "x"}, {.name = "y"}};
  for (size_t row = 0; row < num_rows; ++row) {
    shots.labels.push_back(static_cast<int32_t>(row % 3));
    for (size_t column = 0; column < 2; ++column) {
      shots.features.columns[column].numbers.push_back(rng.child("x", column).normal(row) + shots.labels[row]);
    }
  }
  return shots;
}

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
  const LabelledTable shots = random_task(30, 1);
  for (const std::string& name : baseline_names()) {
    SCOPED_TRACE(name);
    expect_same_answers(*open_method(name)->fit(shots), random_task(20, 2).features);
  }
}

TEST(PredictorThreads, CompactModels) {
  const TemporaryFolder folder;
  write_model(folder, {});
  expect_same_answers(*open_method(folder.path(), {.ensemble = 2})->fit(random_task(12, 1)),
                      random_task(9, 2).features);
}

TEST(PredictorThreads, LanguageModelsWhoseAnswersAreScored) {
  const TemporaryFolder folder;
  write_tiny_text_model(folder.path());
  expect_same_answers(*open_method(folder.path(), {.ensemble = 2})->fit(random_task(6, 1)), random_task(4, 2).features);
}

TEST(PredictorThreads, LanguageModelsThatWriteTheirAnswers) {
  const TemporaryFolder folder;
  write_tiny_text_model(folder.path());
  const auto predictor = open_method(folder.path(), {.answers = "sequential"})->fit(random_task(6, 1));
  const size_t num_calls = expect_same_answers(*predictor, random_task(2, 2).features);
  EXPECT_EQ(predictor->answer_report().written_answers(), 2 * num_calls) << "every answer is counted once";
  EXPECT_EQ(predictor->answer_report().responses, num_calls);
}

TEST(PredictorThreads, TasksAreFittedAtTheSameTime) {
  const TemporaryFolder folder;
  write_model(folder, {});
  const auto method = open_method(folder.path(), {.ensemble = 2});
  const Table queries = random_task(5, 2).features;
  std::vector<std::vector<double>> answers(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<double>& answer : answers) {
    threads.emplace_back([&] { answer = method->fit(random_task(12, 1))->predict(queries); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& answer : answers)
    EXPECT_EQ(answer, method->fit(random_task(12, 1))->predict(queries));
}

}  // namespace
}  // namespace manyshot
