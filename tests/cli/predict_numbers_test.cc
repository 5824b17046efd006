// manyshot predict where the target is a number.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/documented_keys.h"
#include "support/html_check.h"
#include "support/program.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<double> numbers_of(const std::string& line) {
  std::vector<double> numbers;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) numbers.push_back(std::stod(cell));
  return numbers;
}

// Rows whose price follows size and town; `odd`: what stands in place of the price in row 3.
std::string houses(size_t num_rows, const std::string& odd = "", double scale = 1) {
  std::string text = "size,town,price\n";
  for (size_t row = 0; row < num_rows; ++row) {
    const size_t size = (row * 37) % 101;
    const double price =
        scale * (2.0 * static_cast<double>(size) + (row % 2 == 0 ? 50 : 0) + static_cast<double>(row * 7 % 11) + 0.25);
    const std::string cell = row == 3 && !odd.empty() ? odd : fmt::format("{}", price);
    text += fmt::format("{},{},{}\n", size, row % 2 == 0 ? "north" : "south", cell == "-" ? "" : cell);
  }
  return text;
}

class PredictNumbers : public ::testing::Test {
 protected:
  ProgramResult predict(const std::string& train, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"predict", "--train", folder_.write("train.csv", train), "--target", "price"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments);
  }
  ProgramResult predict_test(const std::string& train, const std::string& test, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--test", folder_.write("test.csv", test)});
    return predict(train, more);
  }
  static void expect_refused(const ProgramResult& result, const std::vector<std::string>& parts) {
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    for (const std::string& part : parts) EXPECT_THAT(result.err, HasSubstr(part));
  }
  TemporaryFolder folder_;
};

TEST_F(PredictNumbers, AreWrittenWithTheirQuantiles) {
  const ProgramResult result = predict_test(houses(80), "size,town\n10,north\n90,south\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], "row,prediction,p05,p25,p50,p75,p95");
  const std::vector<double> small = numbers_of(lines[1]), large = numbers_of(lines[2]);
  EXPECT_NEAR(small[1], 75, 25);
  EXPECT_NEAR(large[1], 185, 25);
  EXPECT_TRUE(std::is_sorted(small.begin() + 2, small.end()));
  EXPECT_THAT(result.err, AllOf(HasSubstr("different numbers in 80 rows: numbers are predicted; --task classification"),
                                HasSubstr("what counts how much, with R2"), HasSubstr("expected on new rows")));
}

TEST_F(PredictNumbers, EveryBaselineIsNearer) {
  for (const char* model : {"knn", "ridge", "forest", "xgboost"}) {
    const ProgramResult result = predict(
        houses(150), {"--holdout", "0.3", "--model", model, "--beside", "mean", "--json", "--out", folder_ / "o.csv"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json summary = json::parse(result.out);
    EXPECT_EQ(summary["number_metrics"][model]["rows"], 45);
    EXPECT_GT(summary["number_metrics"][model]["r2"], 0.7) << model;
    EXPECT_LT(summary["number_metrics"][model]["crps"], 0.5 * summary["number_metrics"]["mean"]["crps"].get<double>());
    EXPECT_GT(summary["number_metrics"][model]["coverage_90"], 0.7) << model;
    expect_documented(summary, "predict");
  }
}

TEST_F(PredictNumbers, ScoresAreOfWhatIsWritten) {
  const std::string test = "size,town,price\n10,north,100\n90,south,\n40,south,60\n";
  for (const char* point : {"mean", "median"}) {
    const ProgramResult result = predict_test(houses(80), test, {"--point", point, "--json", "--quiet"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json metrics = json::parse(lines_of(result.err).back())["number_metrics"]["auto"];
    const auto lines = lines_of(result.out);
    const double first = 100 - numbers_of(lines[1])[1], last = 60 - numbers_of(lines[3])[1];
    EXPECT_EQ(metrics["rows"], 2);
    EXPECT_NEAR(metrics["mae"], (std::abs(first) + std::abs(last)) / 2, 1e-4);
    EXPECT_NEAR(metrics["rmse"], std::sqrt((first * first + last * last) / 2), 1e-4);
    EXPECT_NEAR(metrics["r2"], 1 - (first * first + last * last) / 800, 1e-4);
    if (std::string(point) == "median") EXPECT_EQ(numbers_of(lines[1])[1], numbers_of(lines[1])[4]);
  }
}

TEST_F(PredictNumbers, FoldsAskForEveryLabelledRow) {
  const ProgramResult result = predict(houses(60, "-"), {"--folds", "5"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(lines_of(result.out).size(), 60u);
  EXPECT_THAT(result.err, AllOf(HasSubstr("from the rows of the other folds"), HasSubstr("90 % holds"),
                                HasSubstr("\nridge "), HasSubstr("\nmean "), HasSubstr("\nknn ")));
}

TEST_F(PredictNumbers, TheBaselinesBesideAreThoseOfNumbers) {
  const ProgramResult result = predict(houses(60), {"--holdout", "0.5", "--json", "--quiet", "--model", "ridge"});
  std::vector<std::string> names;
  const json summary = json::parse(lines_of(result.err).back());
  for (const auto& [name, metrics] : summary["number_metrics"].items()) names.push_back(name);
  EXPECT_THAT(names, UnorderedElementsAre("ridge", "mean", "forest", "knn"));
  expect_refused(predict(houses(60), {"--holdout", "0.5", "--beside", "majority"}),
                 {"--beside majority", "not a baseline for this target", "mean"});
}

TEST_F(PredictNumbers, TheSameBytesWithAnyNumberOfThreads) {
  const std::vector<std::string> options{"--folds", "3", "--seed", "5", "--threads"};
  for (const char* model : {"auto", "ridge", "xgboost"}) {
    std::vector<std::string> one{"--model", model}, four = one;
    one.insert(one.end(), options.begin(), options.end());
    one.push_back("1");
    four.insert(four.end(), options.begin(), options.end());
    four.push_back("4");
    EXPECT_EQ(predict(houses(70), one).out, predict(houses(70), four).out) << model;
  }
}

TEST_F(PredictNumbers, RowsWithoutANumberArePredictedWhereThereIsNoTestTable) {
  const ProgramResult result = predict(houses(60, "-"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_EQ(lines_of(result.out).size(), 2u);
  EXPECT_EQ(numbers_of(lines_of(result.out)[1])[0], 3);
}

TEST_F(PredictNumbers, ThePageShowsThem) {
  const ProgramResult result =
      predict(houses(90), {"--holdout", "0.3", "--report", folder_ / "page.html", "--keep", "town"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string page = content_of(folder_ / "page.html");
  EXPECT_THAT(read_html(page).problem, IsEmpty());
  EXPECT_EQ(read_html(page).figures.size(), 3u);
  EXPECT_THAT(page, AllOf(HasSubstr("Predicted against true"), HasSubstr("Residuals"),
                          HasSubstr("Calibration of the quantiles"), HasSubstr("Least sure rows"), HasSubstr("R2")));
  const ProgramResult without = predict(houses(90, "-"), {"--report", folder_ / "page.html"});
  ASSERT_EQ(without.exit_code, 0) << without.err;
  EXPECT_THAT(content_of(folder_ / "page.html"), AllOf(HasSubstr("Least sure rows"), Not(HasSubstr("Residuals"))));
}

TEST_F(PredictNumbers, TheTargetDecidesAndTheOptionWins) {
  // 20 different whole numbers are classes, 21 numbers.
  const auto table = [](size_t distinct, const char* suffix) {
    std::string text = "x,price\n";
    for (size_t row = 0; row < 200; ++row) text += fmt::format("{},{}{}\n", row, row % distinct, suffix);
    return text;
  };
  const std::string test = "x\n5\n";
  EXPECT_THAT(predict_test(table(20, ""), test, {"--model", "forest"}).out, HasSubstr("p_19"));
  EXPECT_THAT(predict_test(table(20, ".5"), test, {"--model", "forest"}).out, HasSubstr("p_19.5"));
  EXPECT_THAT(predict_test(table(21, ""), test, {"--model", "forest"}).out, HasSubstr("p05"));
  // A class for every 20 rows is too many; so are 51, however many rows there are.
  const auto long_table = [](size_t distinct) {
    std::string text = "x,price\n";
    for (size_t row = 0; row < 1100; ++row) text += fmt::format("{},{}\n", row, row % distinct);
    return text;
  };
  EXPECT_THAT(predict_test(long_table(50), test, {"--model", "forest"}).out, HasSubstr("p_49"));
  EXPECT_THAT(predict_test(long_table(51), test, {"--model", "forest"}).out, HasSubstr("p05"));
  EXPECT_THAT(predict_test(table(21, ""), test, {"--model", "forest", "--task", "classification"}).out,
              HasSubstr("p_20"));
  EXPECT_THAT(predict_test(table(3, ""), test, {"--model", "forest", "--task", "regression"}).out, HasSubstr("p05"));
  EXPECT_THAT(predict_test(table(12, ""), test, {"--model", "forest"}).err,
              HasSubstr("each is taken as a class; --task regression predicts numbers"));
}

// The bundled model knows numbers, alone and within auto.
TEST_F(PredictNumbers, AreKnownToTheBundledModel) {
  const ProgramResult result =
      predict(houses(120), {"--holdout", "0.5", "--model", "default", "--json", "--out", folder_ / "out.csv"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_GT(nlohmann::json::parse(result.out)["number_metrics"]["default"]["r2"].get<double>(), 0.9);
}

TEST_F(PredictNumbers, ModelsAndOptionsOfClassesAreRefused) {
  expect_refused(predict(houses(60), {"--holdout", "0.5", "--model", source_path("tests/data/compact_golden")}),
                 {"compact_golden predicts classes", "use auto, mean, knn, ridge, forest, xgboost"});
  expect_refused(predict(houses(60), {"--holdout", "0.5", "--model", "majority"}), {"majority predicts classes"});
  expect_refused(predict(houses(60), {"--holdout", "0.5", "--metric", "f1"}), {"--metric f1", "--point"});
  const std::string classes = "x,price\n1,a\n2,b\n3,a\n4,b\n";
  expect_refused(predict_test(classes, "x\n1\n", {"--model", "ridge"}), {"ridge predicts numbers", "has classes"});
  expect_refused(predict_test(classes, "x\n1\n", {"--model", "forest", "--point", "median"}), {"--point median"});
  expect_refused(predict_test(classes, "x\n1\n", {"--task", "regression"}),
                 {"column \"price\" is no column of numbers", "--task classification"});
}

TEST_F(PredictNumbers, TextAmongNumbersIsRefusedWithItsRows) {
  expect_refused(predict(houses(60, "12O"), {"--holdout", "0.5", "--out", folder_ / "out.csv"}),
                 {"train.csv", "\"price\"", "row 3 \"12O\"", "--task classification"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.csv"));
  std::string many = houses(60);
  for (int row = 0; row < 4; ++row) many += fmt::format("5,north,odd{}\n", row);
  expect_refused(predict(many, {"--holdout", "0.5"}), {"4 cells hold", "row 60 \"odd0\"", "row 63 \"odd3\""});
}

TEST_F(PredictNumbers, InfiniteNumbersAreRefusedWithTheirRows) {
  for (const char* odd : {"inf", "-Infinity", "1e200"})
    expect_refused(predict(houses(60, odd), {"--holdout", "0.5"}), {fmt::format("row 3 \"{}\"", odd)});
}

TEST_F(PredictNumbers, OneNumberOrNoneIsNothingToPredict) {
  expect_refused(predict_test("x,price\n1,7\n2,7\n3,7.0\n", "x\n1\n", {"--task", "regression"}),
                 {"the same number, 7", "nothing to predict"});
  for (const char* task : {"auto", "regression"})
    expect_refused(predict_test("x,price\n1,\n2,\n", "x\n1\n", {"--task", task}), {"no value in any of the 2 rows"});
}

TEST_F(PredictNumbers, TwoLabelledRowsDo) {
  for (const char* model : {"auto", "mean", "knn", "ridge", "xgboost"}) {
    const ProgramResult result =
        predict_test("x,price\n1,10.5\n2,20\n", "x\n1\n3\n\"\"\n", {"--task", "regression", "--model", model});
    ASSERT_EQ(result.exit_code, 0) << model << result.err;
    for (const double number : numbers_of(lines_of(result.out)[1])) EXPECT_TRUE(std::isfinite(number)) << model;
    EXPECT_GE(numbers_of(lines_of(result.out)[2])[1], numbers_of(lines_of(result.out)[1])[1]) << model;
  }
}

TEST_F(PredictNumbers, LargeNumbersKeepTheirSize) {
  const json plain = json::parse(predict(houses(90), {"--holdout", "0.5", "--json", "--quiet"}).err),
             large = json::parse(predict(houses(90, "", 1e12), {"--holdout", "0.5", "--json", "--quiet"}).err);
  for (const auto& [name, metrics] : plain["number_metrics"].items()) {
    EXPECT_NEAR(large["number_metrics"][name]["r2"], metrics["r2"].get<double>(), 0.02) << name;
    EXPECT_NEAR(large["number_metrics"][name]["rmse"].get<double>() / 1e12, metrics["rmse"].get<double>(), 1) << name;
  }
}

TEST_F(PredictNumbers, LabelledRowsWithoutANumberAreLeftOutWithANote) {
  const ProgramResult result = predict_test(houses(60, "-"), "size,town\n10,north\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("1 rows without a value in \"price\" are not used"),
                                HasSubstr("from 59 of 60 labelled rows")));
}

TEST_F(PredictNumbers, OddTruthInTheTestTableIsNotScored) {
  const ProgramResult result =
      predict_test(houses(60), "size,town,price\n10,north,75\n20,north,none known\n30,south,60\n", {"--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("cannot read \"none known\""));
  EXPECT_EQ(json::parse(lines_of(result.err).back())["number_metrics"]["auto"]["rows"], 2);
}

TEST_F(PredictNumbers, OtherWaysToWriteNumbersAreRead) {
  std::string train = "size;price\n";
  for (int row = 0; row < 60; ++row) train += fmt::format("{};1.{:03},{}\n", row, 10 * row, row % 10);
  const ProgramResult result = predict_test(train, "size,price\n30,1300.5\n50,1500.0\n", {"--json", "--quiet"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LT(json::parse(lines_of(result.err).back())["number_metrics"]["auto"]["mae"], 60);
}

}  // namespace
}  // namespace manyshot
