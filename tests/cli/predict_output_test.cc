// What predict writes: kept columns, formats, labels for a metric, the preview on a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class PredictOutput : public ::testing::Test {
 protected:
  // forest: fast, and it predicts both classes.
  ProgramResult predict(std::vector<std::string> more, const ProgramOptions& options = {}) const {
    return predict_beside("none", std::move(more), options);
  }
  ProgramResult predict_beside(const std::string& beside, std::vector<std::string> more,
                               const ProgramOptions& options = {}) const {
    std::string train = "id,x,zip,label\n";
    for (int row = 0; row < 40; ++row) {
      train += "t" + std::to_string(row) + "," + std::to_string(row * 7 % 40) + ",0211" + std::to_string(row % 10) +
               (row % 8 == 0 ? ",rare\n" : ",usual\n");
    }
    const std::string test =
        "id,when,x,zip,label,prediction\nA-1,\"May 3, "
        "\n2020\",0,02116,rare,?\nB-2,,9,02110,usual,7\nC-3,NA,16,,new,8\n";
    std::vector<std::string> arguments{"predict",
                                       "--train",
                                       folder_.write("train.csv", train),
                                       "--test",
                                       folder_.write("test.csv", test),
                                       "--target",
                                       "label",
                                       "--model",
                                       "forest",
                                       "--ignore",
                                       "id",
                                       "--beside",
                                       beside};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments, options);
  }
  std::string written(const std::string& name, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--out", folder_ / name});
    const ProgramResult result = predict(more);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    return content_of(folder_ / name);
  }
  static std::string header_of(const std::string& text) { return text.substr(0, text.find('\n')); }
  TemporaryFolder folder_;
};

TEST_F(PredictOutput, KeepsColumnsAsTheTestTableSpellsThem) {
  const std::string all = predict({"--keep", "all"}).out;
  EXPECT_EQ(header_of(all), "row,id,when,x,zip,label,prediction_input,prediction,p_rare,p_usual");
  EXPECT_THAT(all, AllOf(HasSubstr("\n0,A-1,\"May 3, \n2020\",0,02116,rare,?,"), HasSubstr("\n1,B-2,\"\",9,02110,"),
                         HasSubstr("\n2,C-3,NA,16,\"\",new,8,")));
  EXPECT_EQ(header_of(predict({"--keep", "ids"}).out), "row,id,when,prediction_input,prediction,p_rare,p_usual");
  EXPECT_EQ(header_of(predict({"--keep", "zip,id"}).out), "row,zip,id,prediction,p_rare,p_usual");
  EXPECT_EQ(header_of(predict({"--keep", "x,ids,x"}).out), "row,x,id,when,prediction_input,prediction,p_rare,p_usual");
  // What is kept changes nothing else.
  const std::string plain = predict({}).out;
  EXPECT_THAT(all, HasSubstr("02116,rare,?," + plain.substr(plain.find("\n0,") + 3, 12)));

  const ProgramResult unknown = predict({"--keep", "zp", "--out", folder_ / "out.csv"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("test.csv"), HasSubstr("\"zp\""), HasSubstr("did you mean \"zip\"?")));
  EXPECT_THAT(folder_.names(), ElementsAre("test.csv", "train.csv"));
}

TEST_F(PredictOutput, HonoursTheExtensionAndTheFormat) {
  EXPECT_EQ(header_of(written("out.tsv")), "row\tprediction\tp_rare\tp_usual");
  EXPECT_EQ(header_of(written("out.txt", {"--out-format", "tsv"})), "row\tprediction\tp_rare\tp_usual");
  EXPECT_THAT(written("out.parquet"), StartsWith("PAR1"));
  EXPECT_THAT(written("excel.csv", {"--utf8-mark"}), StartsWith("\xEF\xBB\xBFrow,prediction"));
  for (const char* name : {"out.jsonl", "out.ndjson", "out.json"}) {
    std::istringstream lines(written(name, {"--keep", "zip"}));
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    const json first = json::parse(line);
    EXPECT_EQ(first["row"], 0);
    EXPECT_EQ(first["zip"], "02116");
    EXPECT_NEAR(first["p_rare"].get<double>() + first["p_usual"].get<double>(), 1, 1e-5);
  }
  EXPECT_THAT(predict({"--out-format", "jsonl"}).out, StartsWith("{\"row\":0,\"prediction\":"));
}

TEST_F(PredictOutput, RefusesWhatItCannotWrite) {
  const auto expect_refused = [&](const std::vector<std::string>& more, const std::string& part) {
    const ProgramResult result = predict(more);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr(part));
  };
  const std::string workbook = folder_ / "p.xlsx";
  expect_refused({"--out", workbook}, "--out: " + workbook + ": an Excel workbook is not written; write .csv");
  expect_refused({"--out", folder_ / "p.csv.gz"}, "a compressed file is not written");
  expect_refused({"--out-format", "parquet"}, "--out-format: Parquet needs a file");
  expect_refused({"--out", folder_ / "p.parquet", "--utf8-mark"}, "--utf8-mark: parquet has no byte order mark");
  expect_refused({"--out-format", "xlsx"}, "--out-format");
  EXPECT_THAT(folder_.names(), ElementsAre("test.csv", "train.csv"));
}

TEST_F(PredictOutput, LabelsForAMetricLeaveTheProbabilities) {
  const auto column = [](const std::string& table, size_t index) {
    std::vector<std::string> cells;
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream parts(line);
      std::string cell;
      for (size_t i = 0; i <= index; ++i) std::getline(parts, cell, ',');
      cells.push_back(cell);
    }
    return cells;
  };
  const std::string plain = predict({}).out;
  for (const char* metric : {"balanced_accuracy", "f1"}) {
    const ProgramResult result = predict({"--metric", metric, "--json", "--quiet"});
    EXPECT_EQ(column(result.out, 2), column(plain, 2)) << metric;
    const std::vector<std::string> labels = column(result.out, 1), rare = column(result.out, 2);
    ASSERT_THAT(labels, SizeIs(4));
    const json summary = json::parse(result.err.substr(result.err.find('{')));
    EXPECT_TRUE(summary["label_metrics"].contains("macro_f1")) << metric;
    if (std::string(metric) == "f1") continue;
    for (size_t row = 1; row < labels.size(); ++row) {  // 5 of 40 labelled rows
      EXPECT_EQ(labels[row], std::stod(rare[row]) > 0.125 ? "rare" : "usual") << rare[row];
    }
  }
  EXPECT_THAT(predict({"--metric", "f1"}).err, HasSubstr("the labels, chosen for f1: accuracy "));
  EXPECT_THAT(predict({}).err, Not(HasSubstr("the labels, chosen")));
  // The model stands first among the scores, though its labels are chosen last.
  EXPECT_THAT(predict_beside("knn", {"--metric", "f1"}).err, ContainsRegex("ECE\nforest .*\nknn "));
}

TEST_F(PredictOutput, WritesAPage) {
  const std::string page = folder_ / "page.html";
  const ProgramResult result = predict({"--report", page, "--keep", "ids", "--metric", "f1"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(content_of(page), AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("Confusion matrix"), HasSubstr("C-3"),
                                      HasSubstr("Labels, chosen for f1")));
  EXPECT_EQ(result.out, predict({"--keep", "ids", "--metric", "f1"}).out);

  const ProgramResult nowhere = predict({"--report", folder_ / "no/page.html", "--out", folder_ / "out.csv"});
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_THAT(folder_.names(), Not(Contains("out.csv"))) << "refused before anything is written";
}

TEST_F(PredictOutput, PreviewsOnATerminal) {
  const std::string shown = predict({"--out", folder_ / "out.csv"}, {.terminal_columns = 100}).out;
  EXPECT_THAT(shown, HasSubstr("\n  row  prediction  probability  in the test file\n    0  "));
  EXPECT_THAT(shown, HasSubstr("  (another class)\n"));
  EXPECT_THAT(predict({"--out", folder_ / "out.csv"}).err, Not(HasSubstr("in the test file")));
  EXPECT_THAT(predict({}, {.terminal_columns = 100}).out, Not(HasSubstr("in the test file")))
      << "the table itself is on the terminal";
  EXPECT_THAT(predict({"--out", folder_ / "out.csv", "--quiet"}, {.terminal_columns = 100}).out,
              Not(HasSubstr("prediction")));
}

}  // namespace
}  // namespace manyshot
