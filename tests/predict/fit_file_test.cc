// Fits whose labelled rows are left out: the answers of those that have them, and none of their cells.
#include "predict/fit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error.h"
#include "support/models/random_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class FitWithoutRowsTest : public ::testing::Test {
 protected:
  FitWithoutRowsTest() {
    std::string text = "x,price,note,when,tone,y\n";
    for (int i = 0; i < 30; ++i) {
      text += fmt::format("{},\"{},5 EUR\",secret note {},{}.2.2024,{},{}\n", i * 7 % 11, i, i * 17, 1 + i % 28,
                          i % 4 == 0   ? ""
                          : i % 4 == 1 ? "red"
                                       : "blue",
                          i % 3 == 0 ? "yes" : "no");
    }
    options_.predict.task.train = folder_.write("train.csv", text);
    options_.predict.task.target = "y";
    options_.predict.model = "default";
    options_.predict.method.ensemble = 4;
  }
  // A model of that version of the format, with weights of its own.
  void use_random_model(bool is_typed) {
    write_model(model_, {.num_codes = 1000, .is_typed = is_typed});
    options_.predict.model = model_.path();
  }
  std::string fit(const std::string& name, WithData with_data) {
    options_.with_data = with_data;
    options_.out = folder_ / name;
    fit_file(options_);
    return options_.out;
  }
  // The table of predictions that a file of a fit gives.
  std::string answers_of(const std::string& file, const std::string& text) {
    PredictOptions options;
    options.fit = file;
    options.task.test = folder_.write("queries.csv", text);
    options.beside = {"none"};
    options.output.out = folder_ / "out.csv";
    report_ = predict_file(options, {.classes = [](const PredictedBatch&) {}, .numbers = {}});
    return content_of(options.output.out);
  }

  TemporaryFolder folder_, model_;
  FitOptions options_;
  PredictReport report_;
};

constexpr const char* kQueries =
    "x,price,note,when,tone,y\n3,\"7,5 EUR\",a,1.2.2024,red,no\n9,,secret note 34 and more,,green,yes\n";

TEST_F(FitWithoutRowsTest, OfEitherVersionOfTheFormat) {
  for (const bool is_typed : {false, true}) {
    SCOPED_TRACE(is_typed);
    use_random_model(is_typed);
    const std::string with = fit("with.msfit", WithData::kYes), without = fit("without.msfit", WithData::kNo);
    EXPECT_EQ(answers_of(without, kQueries), answers_of(with, kQueries));
  }
}

TEST_F(FitWithoutRowsTest, AnswersAreTheBitsOfAFitWithRows) {
  const std::string with = fit("with.msfit", WithData::kYes), without = fit("without.msfit", WithData::kNo);
  const std::string expected = answers_of(with, kQueries);
  EXPECT_THAT(expected, HasSubstr("p_yes"));
  EXPECT_EQ(answers_of(without, kQueries), expected);
  EXPECT_EQ(report_.labelled_rows, 30u);
  EXPECT_EQ(report_.train_rows, 30u);
  EXPECT_TRUE(report_.has_truth);
  EXPECT_THAT(report_.honest, IsEmpty());
  EXPECT_THAT(content_of(with), HasSubstr("secret note 34"));
  EXPECT_THAT(content_of(without), Not(HasSubstr("secret note")));
  const SavedFit saved = read_saved_fit(without);
  EXPECT_EQ(saved.rows, nullptr);
  EXPECT_THAT(describe(saved), HasSubstr("they are not in the file"));
}

TEST_F(FitWithoutRowsTest, WhatNeedsTheRowsIsRefused) {
  for (const char* model : {"auto", "forest"}) {
    options_.predict.model = model;
    EXPECT_ERROR(fit("m.msfit", WithData::kNo), ErrorKind::kUnsupported,
                 fmt::format("--with-data no: {} answers \"y\" from the labelled rows themselves", model));
  }
  options_.predict.model = "default";
  options_.predict.method.teacher.teacher = Teacher::kForest;
  EXPECT_ERROR(fit("m.msfit", WithData::kNo), ErrorKind::kUnsupported, "--with-data no: default");
  EXPECT_THAT(folder_.names(), ::testing::ElementsAre("train.csv")) << "nothing is written";
  options_.predict.method.teacher.teacher = Teacher::kNone;
  const std::string file = fit("m.msfit", WithData::kNo);
  FitOptions more;
  more.predict.fit = file;
  more.append = options_.predict.task.train;
  more.out = folder_ / "n.msfit";
  EXPECT_ERROR(fit_file(more), ErrorKind::kUnsupported, "its labelled rows were left out");
  PredictOptions beside;
  beside.fit = file;
  beside.task.test = options_.predict.task.train;
  beside.beside = {"knn"};
  EXPECT_ERROR(predict_file(beside, {}), ErrorKind::kBadInput, "baselines need them");
}

// Of the state itself, behind checksums that are right: cut anywhere it is refused, never read beyond its end.
TEST_F(FitWithoutRowsTest, CutStatesAreRefused) {
  options_.predict.method.ensemble = 1;
  for (const bool is_typed : {false, true}) {
    use_random_model(is_typed);
    const SavedFit saved = read_saved_fit(fit("m.msfit", WithData::kNo));
    const auto method = open_method(model_.path(), {.ensemble = 1});
    FitWithoutRows cut = *saved.without_rows;
    const std::string whole = cut.predictor;
    for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 200) {
      cut.predictor = whole.substr(0, size);
      EXPECT_ERROR(cut.restore(*method, "m.msfit"), ErrorKind::kCorruptFile, "m.msfit: part \"without_rows\"");
    }
    cut.predictor = whole + "x";
    EXPECT_ERROR(cut.restore(*method, "m.msfit"), ErrorKind::kCorruptFile, "bytes that do not belong to it");
    // Whatever a byte becomes, it is refused or answers: never read beyond what is there.
    for (size_t at = 0; at < std::min<size_t>(whole.size(), 3'000); at += 7) {
      cut.predictor = whole;
      cut.predictor[at] = static_cast<char>(cut.predictor[at] ^ 0x41);
      try {
        Table query;
        query.num_rows = 1;
        for (const ColumnSchema& column : cut.features.columns) {
          Column& cell = query.columns.emplace_back(Column{.name = column.name, .type = column.type});
          if (cell.is_number()) {
            cell.numbers = {1};
          } else {
            cell.codes = {0};
            cell.categories = {"secret note 34"};
          }
        }
        cut.restore(*method, "m.msfit")->predict(query);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile) << at << ": " << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace manyshot
