#include "predict/own_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "predict/predict_file.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// Rows 0..num_rows-1, whose class follows x; every `unlabelled`-th row has no label.
class OwnRowsTest : public ::testing::Test {
 protected:
  PredictOptions options(size_t num_rows, size_t unlabelled) const {
    std::string text = "id,x,class\n";
    for (size_t row = 0; row < num_rows; ++row) {
      const bool is_labelled = unlabelled == 0 || row % unlabelled != 0;
      text += fmt::format("n{},{}.5,{}\n", row, (row * 7) % 100,
                          !is_labelled           ? ""
                          : (row * 7) % 100 < 50 ? "low"
                                                 : "high");
    }
    PredictOptions options;
    options.task = {.train = folder_.write("table.csv", text), .target = "class", .ignore = {"id"}};
    options.model = "forest";
    options.output.out = folder_ / "out.csv";
    return options;
  }

  // Row -> what the model says of it: label and truth.
  struct Answer {
    int32_t label, truth;
    std::string kept;
  };
  static std::map<uint64_t, Answer> answers(const PredictOptions& options) {
    std::map<uint64_t, Answer> result;
    predict_file(options, {.classes = [&](const PredictedBatch& batch) {
                   for (size_t i = 0; i < batch.labels.size(); ++i) {
                     result[batch.rows[i]] = {batch.labels[i], batch.truth.empty() ? kUnscored : batch.truth[i],
                                              batch.kept.empty() ? "" : batch.kept[0][i]};
                   }
                 }});
    return result;
  }

  TemporaryFolder folder_;
};

TEST_F(OwnRowsTest, FoldsPredictEveryLabelledRowFromTheOthers) {
  PredictOptions options = this->options(60, 10);
  options.own_rows.folds = 5;
  options.output.keep = {"id"};
  const auto rows = answers(options);
  EXPECT_THAT(rows, SizeIs(54));
  size_t correct = 0;
  for (const auto& [row, answer] : rows) {
    EXPECT_NE(row % 10, 0u);
    EXPECT_EQ(answer.kept, fmt::format("n{}", row));
    EXPECT_EQ(answer.truth, (row * 7) % 100 < 50 ? 1 : 0) << row;  // "high", "low"
    correct += answer.label == answer.truth;
  }
  EXPECT_GT(correct, 48u);
}

TEST_F(OwnRowsTest, ARowsOwnLabelIsHidden) {
  PredictOptions options = this->options(40, 0);
  options.task.target = "id";  // every row a class of its own: nothing can be right
  options.task.ignore = {};
  options.own_rows.folds = 4;
  for (const auto& [row, answer] : answers(options)) EXPECT_NE(answer.label, answer.truth) << row;
}

TEST_F(OwnRowsTest, AHoldoutIsAShareOfEachClass) {
  PredictOptions options = this->options(100, 0);
  options.own_rows.holdout = 0.2;
  std::map<int32_t, size_t> held_out;
  for (const auto& [row, answer] : answers(options)) ++held_out[answer.truth];
  EXPECT_EQ(held_out[0], 10u);
  EXPECT_EQ(held_out[1], 10u);
}

TEST_F(OwnRowsTest, RowsWithoutALabelArePredictedWhenThereIsNoTestTable) {
  const auto rows = answers(options(60, 10));
  std::vector<uint64_t> numbers;
  for (const auto& [row, answer] : rows) {
    numbers.push_back(row);
    EXPECT_EQ(answer.truth, kUnscored);
  }
  EXPECT_THAT(numbers, ElementsAre(0, 10, 20, 30, 40, 50));
}

TEST_F(OwnRowsTest, WhatCannotBeAskedForIsRefused) {
  EXPECT_ERROR(answers(options(60, 0)), ErrorKind::kBadInput, "--test is needed");
  PredictOptions both = options(60, 0);
  both.own_rows = {.folds = 3, .holdout = 0.5};
  EXPECT_ERROR(answers(both), ErrorKind::kBadInput, "give one of them");
  PredictOptions many = options(20, 0);
  many.own_rows.folds = 21;
  EXPECT_ERROR(answers(many), ErrorKind::kBadInput, "has 20 labelled rows");
  PredictOptions none = options(20, 0);
  none.own_rows.holdout = 0.01;
  EXPECT_ERROR(answers(none), ErrorKind::kBadInput, "leaves none to predict;");
  PredictOptions test = options(20, 0);
  test.own_rows.folds = 2;
  test.task.test = test.task.train;
  EXPECT_ERROR(answers(test), ErrorKind::kBadInput, "leave --test out");
}

}  // namespace
}  // namespace manyshot
