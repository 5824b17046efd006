// `manyshot predict` and `manyshot info` on the bundled tables, as a user runs them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "support/program.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

std::vector<std::string> obesity(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"predict",
                                     "--train",
                                     source_path("examples/obesity/train.csv"),
                                     "--test",
                                     source_path("examples/obesity/test.csv"),
                                     "--target",
                                     "NObeyesdad",
                                     "--shots",
                                     "128",
                                     "--ensemble",
                                     "2"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST(PredictCommand, WritesRowPredictionAndProbabilitiesInSortedClassOrder) {
  const ProgramResult result = run_manyshot(obesity());
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto rows = lines_of(result.out);
  ASSERT_EQ(rows.size(), 424u);
  EXPECT_EQ(rows[0],
            "row,prediction,p_Insufficient_Weight,p_Normal_Weight,p_Obesity_Type_I,p_Obesity_Type_II,p_Obesity_Type_"
            "III,p_Overweight_Level_I,p_Overweight_Level_II");
  for (size_t row = 1; row < rows.size(); ++row) EXPECT_THAT(rows[row], StartsWith(std::to_string(row - 1) + ","));
  EXPECT_THAT(result.err, AllOf(HasSubstr("423 rows predicted, 7 classes, from 128 of 1,688 labelled rows"),
                                HasSubstr("majority"), HasSubstr("knn"), HasSubstr("balanced accuracy")));
}

TEST(PredictCommand, BytesDoNotDependOnThreads) {
  const std::string one = run_manyshot(obesity({"--threads", "1"})).out;
  EXPECT_FALSE(one.empty());
  EXPECT_EQ(run_manyshot(obesity({"--threads", "2"})).out, one);
  EXPECT_EQ(run_manyshot(obesity({"--threads", "7"})).out, one);
  EXPECT_EQ(run_manyshot(obesity()).out, one);
  EXPECT_NE(run_manyshot(obesity({"--seed", "1"})).out, one);
}

// The engine of GPUs, on the CPU: rounding apart, the same probabilities.
TEST(PredictCommand, ADeviceAnswersAsOurKernelsDo) {
  const std::vector<std::string> model{"--model", "default", "--dtype", "float32", "--beside", "none"};
  std::vector<std::string> on_device = model;
  on_device.insert(on_device.end(), {"--device", "torch-cpu", "--json"});
  const ProgramResult found = run_manyshot(obesity(on_device)), expected = run_manyshot(obesity(model));
  if (found.err.find("libmanyshot_device.so, which this build") != std::string::npos) GTEST_SKIP() << found.err;
  ASSERT_EQ(found.exit_code, 0) << found.err;
  const auto rows = lines_of(found.out), expected_rows = lines_of(expected.out);
  ASSERT_EQ(rows.size(), expected_rows.size());
  for (size_t row = 1; row < rows.size(); ++row) {
    std::istringstream a(rows[row]), b(expected_rows[row]);
    std::string one, other;
    for (int column = 0; std::getline(a, one, ',') && std::getline(b, other, ','); ++column) {
      if (column >= 2) EXPECT_NEAR(std::stod(one), std::stod(other), 2e-3) << rows[row];
    }
  }
  const ProgramResult engine =
      run_manyshot(obesity({"--model", "default", "--device", "torch-cpu", "--engine", "fused"}));
  EXPECT_EQ(engine.exit_code, 2);
  EXPECT_THAT(engine.err, HasSubstr("leave --engine out"));
}

TEST(PredictCommand, ARowsAnswerDoesNotDependOnTheOtherRowsOfTheFile) {
  const TemporaryFolder folder;
  const auto all = lines_of(content_of(source_path("examples/obesity/test.csv")));
  const auto expected = lines_of(run_manyshot(obesity()).out);
  std::vector<std::string> arguments = obesity();
  arguments[4] = folder.write("test.csv", all[0] + "\n" + all[318] + "\n" + all[7] + "\n");
  const auto some = lines_of(run_manyshot(arguments).out);
  ASSERT_EQ(some.size(), 3u);
  EXPECT_EQ(some[1].substr(some[1].find(',')), expected[318].substr(expected[318].find(',')));
  EXPECT_EQ(some[2].substr(some[2].find(',')), expected[7].substr(expected[7].find(',')));
}

TEST(PredictCommand, TheTargetOfTheTestTableIsNeverShown) {
  const TemporaryFolder folder;
  std::string wrong_answers;
  for (const std::string& line : lines_of(content_of(source_path("examples/obesity/test.csv")))) {
    wrong_answers += wrong_answers.empty() ? line : line.substr(0, line.rfind(',')) + ",Normal_Weight";
    wrong_answers += '\n';
  }
  std::vector<std::string> arguments = obesity();
  arguments[4] = folder.write("test.csv", wrong_answers);
  EXPECT_EQ(run_manyshot(arguments).out, run_manyshot(obesity()).out);
}

TEST(PredictCommand, JsonSummaryHoldsOptionsAndMetrics) {
  const TemporaryFolder folder;
  const ProgramResult result = run_manyshot(obesity({"--json", "--quiet", "--out", folder / "out.csv"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  const json summary = json::parse(result.out);
  EXPECT_EQ(summary["queries"], 423);
  EXPECT_EQ(summary["options"]["shots"], 128);
  EXPECT_EQ(summary["metrics"]["auto"]["rows"], 423);
  EXPECT_GT(summary["metrics"]["auto"]["accuracy"], summary["metrics"]["majority"]["accuracy"]);
  EXPECT_EQ(lines_of(content_of(folder / "out.csv")).size(), 424u);
}

TEST(PredictCommand, BaselinesBesideTheModelCanBeChosen) {
  const auto scored = [](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--json", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const json summary = json::parse(run_manyshot(obesity(arguments)).err);
    std::vector<std::string> names;
    for (const auto& [name, metrics] : summary["metrics"].items()) names.push_back(name);
    return names;
  };
  EXPECT_THAT(scored({}), UnorderedElementsAre("auto", "majority", "forest", "knn"));
  EXPECT_THAT(scored({"--beside", "none"}), UnorderedElementsAre("auto"));
  EXPECT_THAT(scored({"--beside", "knn,xgboost"}), UnorderedElementsAre("auto", "knn", "xgboost"));
  EXPECT_THAT(scored({"--model", "forest"}), UnorderedElementsAre("forest", "majority", "knn"));
  EXPECT_THAT(run_manyshot(obesity({"--beside", "forrest"})).err, HasSubstr("did you mean \"forest\"?"));
}

TEST(PredictCommand, BaselinesThatNobodyAskedForTakeNoMinutes) {
  const TemporaryFolder folder;
  std::string header, train, test;
  for (int column = 0; column < 9; ++column) header += fmt::format("x{},", column);
  const auto add_row = [](std::string& text, int row) {
    for (int column = 0; column < 9; ++column) text += fmt::format("{},", (row * (column + 3)) % 101);
    text += row % 101 < 50 ? "a\n" : "b\n";
  };
  for (int row = 0; row < 3000; ++row) add_row(train, row);
  for (int row = 0; row < 40'000; ++row) add_row(test, row + 7);
  std::vector<std::string> arguments{"predict",
                                     "--train",
                                     folder.write("train.csv", header + "y\n" + train),
                                     "--test",
                                     folder.write("test.csv", header + "y\n" + test),
                                     "--target",
                                     "y",
                                     "--model",
                                     "majority",
                                     "--out",
                                     folder / "out.csv"};
  const ProgramResult result = run_manyshot(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("knn is not scored beside the model: 40,000 rows behind 3,000 labelled ones"));
  EXPECT_THAT(result.err, HasSubstr("forest is more accurate than majority here ("));
  EXPECT_THAT(result.err, HasSubstr("and its log loss is lower; --model forest predicts with it"));
}

TEST(PredictCommand, ParquetHoldsTheSameAsCsv) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_manyshot(obesity({"--out", folder / "out.parquet"})).exit_code, 0);
  const ProgramResult info = run_manyshot({"info", "--table", folder / "out.parquet", "--json"});
  ASSERT_EQ(info.exit_code, 0) << info.err;
  EXPECT_THAT(info.out, AllOf(HasSubstr("prediction"), HasSubstr("p_Obesity_Type_III")));
  // And a Parquet table can be the training table.
  EXPECT_EQ(run_manyshot({"predict", "--train", folder / "out.parquet", "--test", folder / "out.parquet", "--target",
                          "prediction", "--model", "knn", "--out", folder / "again.csv"})
                .exit_code,
            0);
}

TEST(PredictCommand, BaselinesGoThroughTheSameDoor) {
  for (const char* model : {"majority", "knn", "xgboost"}) {
    const ProgramResult result = run_manyshot(obesity({"--model", model}));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(lines_of(result.out).size(), 424u);
    EXPECT_THAT(result.err, HasSubstr(model));
  }
}

TEST(PredictCommand, Float32AndReferenceAgree) {
  const auto probabilities = [](const ProgramResult& result) {
    std::vector<double> values;
    const auto rows = lines_of(result.out);
    for (size_t row = 1; row < rows.size(); ++row) {
      std::istringstream cells(rows[row]);
      std::string cell;
      for (int column = 0; std::getline(cells, cell, ','); ++column) {
        if (column >= 2) values.push_back(std::stod(cell));
      }
    }
    return values;
  };
  // Few rows: the reference computes every pair of tokens.
  const TemporaryFolder folder;
  const auto all = lines_of(content_of(source_path("examples/obesity/test.csv")));
  std::string few;
  for (size_t row = 0; row <= 12; ++row) few += all[row] + "\n";
  folder.write("test.csv", few);
  const auto predict = [&](const char* option, const char* value) {
    return run_manyshot({"predict", "--train", source_path("examples/obesity/train.csv"), "--test", folder / "test.csv",
                         "--target", "NObeyesdad", "--shots", "32", "--ensemble", "2", option, value});
  };
  const ProgramResult reference = predict("--engine", "reference");
  if (reference.exit_code == 2) GTEST_SKIP() << "built without libtorch: " << reference.err;
  const auto expected = probabilities(reference);
  ASSERT_EQ(expected.size(), 12u * 7);
  for (const auto& [dtype, tolerance] : {std::pair<const char*, double>{"float32", 2e-4}, {"auto", 0.05}}) {
    const auto found = probabilities(predict("--dtype", dtype));
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << dtype;
  }
}

TEST(InfoCommand, DescribesTablesAndModels) {
  const ProgramResult table = run_manyshot({"info", "--table", source_path("examples/wine/train.csv")});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr("volatile acidity"), HasSubstr("numeric")));
  const ProgramResult model = run_manyshot({"info", "--model", "default"});
  EXPECT_EQ(model.exit_code, 0) << model.err;
  EXPECT_THAT(model.out, AllOf(HasSubstr(" layers"), HasSubstr("up to 10 classes")));
  EXPECT_EQ(run_manyshot({"info"}).exit_code, 2);
}

}  // namespace
}  // namespace manyshot
