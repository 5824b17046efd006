// `manyshot fit` and `predict --fit`, as a user runs them: what is fitted once answers as one command would.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/documented_keys.h"
#include "core/sha256.h"
#include "support/program.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Arguments = std::vector<std::string>;

Arguments joined(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const std::string& train() {
  static const std::string path = source_path("examples/obesity/train.csv");
  return path;
}
const std::string& test() {
  static const std::string path = source_path("examples/obesity/test.csv");
  return path;
}

ProgramResult fit(const Arguments& how, const std::string& out, const std::string& table = train(),
                  const std::string& target = "NObeyesdad") {
  return run_manyshot(joined({"fit", "--train", table, "--target", target, "--out", out}, how));
}

ProgramResult predict_with(const std::string& file, const std::string& queries = test()) {
  return run_manyshot({"predict", "--fit", file, "--test", queries, "--beside", "none"});
}

// The answers of the fit are the bytes of those of one command.
void expect_same_bytes(const Arguments& how, const std::string& table = train(), const std::string& queries = test(),
                       const std::string& target = "NObeyesdad") {
  SCOPED_TRACE(fmt::format("{}", fmt::join(how, " ")));
  const TemporaryFolder folder;
  const std::string file = folder / "m.msfit";
  const ProgramResult fitted = fit(how, file, table, target);
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  const ProgramResult begun = predict_with(file, queries);
  ASSERT_EQ(begun.exit_code, 0) << begun.err;
  const ProgramResult at_once = run_manyshot(
      joined({"predict", "--train", table, "--target", target, "--test", queries, "--beside", "none"}, how));
  EXPECT_THAT(at_once.out, Not(IsEmpty()));
  EXPECT_EQ(begun.out, at_once.out);
}

TEST(FitCommand, AnswersAreThoseOfOneCommandToTheByte) {
  expect_same_bytes({"--model", "default", "--shots", "60", "--ensemble", "3", "--seed", "4"});
  expect_same_bytes({"--model", "auto", "--shots", "60", "--ensemble", "2"});
  expect_same_bytes({"--model", "default", "--shots", "60", "--ensemble", "1", "--teacher", "both"});
  expect_same_bytes({"--model", "default", "--shots", "60", "--ensemble", "1", "--dtype", "float32", "--calibrate",
                     "none", "--ignore", "Gender,Weight"});
  for (const char* model : {"xgboost", "forest", "knn", "majority"})
    expect_same_bytes({"--model", model, "--shots", "200"});
}

TEST(FitCommand, NumbersAreThoseOfOneCommandToTheByte) {
  for (const char* model : {"auto", "ridge", "xgboost"})
    expect_same_bytes({"--model", model, "--shots", "100"}, train(), test(), "Weight");
}

// Decimal commas, dates, gaps, row numbers and words for missing values: read again from the file as from the table.
TEST(FitCommand, TablesAreReadFromTheFileAsFromTheirOwn) {
  const TemporaryFolder folder;
  std::string text = "row;price;when;note;tone;y\n", queries = "price;when;note;tone\n";
  for (int i = 0; i < 40; ++i) {
    const std::string cells = fmt::format("{},{};{}.{:02}.2024;{};{}", i * 7 % 23, i % 10, 1 + i % 28, 1 + i % 12,
                                          i % 5 == 0 ? "NA" : "1.234,5",
                                          i % 3 == 0   ? ""
                                          : i % 3 == 1 ? "rot"
                                                       : "blau");
    text += fmt::format("{};{};{}\n", i + 1, cells, i % 2 == 0 ? "None" : "yes");
    queries += cells + "\n";
  }
  expect_same_bytes({"--model", "forest"}, folder.write("train.csv", text), folder.write("test.csv", queries), "y");
}

TEST(FitCommand, SaysWhatItFitted) {
  const TemporaryFolder folder;
  const ProgramResult result =
      fit({"--model", "default", "--shots", "40", "--ensemble", "1", "--json"}, folder / "m.msfit");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json summary = json::parse(result.out);
  expect_documented(summary, "fit");
  EXPECT_EQ(summary["target"], "NObeyesdad");
  EXPECT_EQ(summary["labelled_rows"], 40);
  EXPECT_EQ(summary["train_rows"], 1688);
  EXPECT_EQ(summary["file_bytes"].get<uint64_t>(), std::filesystem::file_size(folder / "m.msfit"));

  const ProgramResult text = run_manyshot({"info", folder / "m.msfit"});
  EXPECT_THAT(text.out, AllOf(HasSubstr("\"NObeyesdad\", 7 classes"), HasSubstr("40 of 1,688"), HasSubstr("sha256"),
                              HasSubstr("Weight"), HasSubstr("numeric"), HasSubstr("4 categories")));
  const json info = json::parse(run_manyshot({"info", "--fit", folder / "m.msfit", "--json"}).out);
  EXPECT_EQ(info["classes"].size(), 7u);
  EXPECT_EQ(info["options"]["shots"], 40);
  EXPECT_EQ(info["model"]["name"], "default");
  EXPECT_EQ(info["model"]["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(info["columns"].size(), 16u);
}

TEST(FitCommand, AppendedRowsAreFittedAsIfTheyHadBeenThereAtOnce) {
  const TemporaryFolder folder;
  const std::vector<std::string> rows = lines_of(content_of(train()));
  std::string first = rows[0] + "\n", more = first, all = first;
  for (size_t row = 1; row <= 90; ++row) {
    (row <= 60 ? first : more) += rows[row] + "\n";
    all += rows[row] + "\n";
  }
  const std::string together = folder / "together.msfit", grown = folder / "grown.msfit";
  const Arguments how{"--model", "default", "--ensemble", "2", "--seed", "3"};
  ASSERT_EQ(fit(how, together, folder.write("all.csv", all)).exit_code, 0);
  ASSERT_EQ(fit(how, folder / "first.msfit", folder.write("first.csv", first)).exit_code, 0);
  const ProgramResult appended = run_manyshot(
      {"fit", "--fit", folder / "first.msfit", "--append", folder.write("more.csv", more), "--out", grown});
  ASSERT_EQ(appended.exit_code, 0) << appended.err;
  EXPECT_EQ(predict_with(grown).out, predict_with(together).out);
  EXPECT_NE(predict_with(folder / "first.msfit").out, predict_with(together).out);
}

TEST(FitCommand, AppendedRowsMayBringClassesAndCategories) {
  const TemporaryFolder folder;
  const std::string first = folder.write("first.csv", "tone,x,y\na,1,low\nb,2,high\na,3,low\nb,4,high\n");
  const std::string more = folder.write("more.csv", "y,x,tone,other\nmid,9,c,1\nmid,8,c,2\nlow,3,d,3\n");
  const std::string all =
      folder.write("all.csv", "tone,x,y\na,1,low\nb,2,high\na,3,low\nb,4,high\nc,9,mid\nc,8,mid\nd,3,low\n");
  const std::string queries = folder.write("queries.csv", "tone,x\na,1\nc,9\nd,3\n");
  ASSERT_EQ(fit({"--model", "knn"}, folder / "first.msfit", first, "y").exit_code, 0);
  ASSERT_EQ(fit({"--model", "knn"}, folder / "all.msfit", all, "y").exit_code, 0);
  const ProgramResult grown =
      run_manyshot({"fit", "--fit", folder / "first.msfit", "--append", more, "--out", folder / "grown.msfit"});
  ASSERT_EQ(grown.exit_code, 0) << grown.err;
  const ProgramResult answers = predict_with(folder / "grown.msfit", queries);
  EXPECT_THAT(answers.out, HasSubstr("p_mid"));
  EXPECT_EQ(answers.out, predict_with(folder / "all.msfit", queries).out);

  const std::string narrow = folder.write("narrow.csv", "x,y\n1,low\n");
  const ProgramResult lacking =
      run_manyshot({"fit", "--fit", folder / "first.msfit", "--append", narrow, "--out", folder / "no.msfit"});
  EXPECT_EQ(lacking.exit_code, 2);
  EXPECT_THAT(lacking.err, AllOf(HasSubstr("narrow.csv"), HasSubstr("no column \"tone\"")));
  EXPECT_FALSE(std::filesystem::exists(folder / "no.msfit"));
}

TEST(FitCommand, RowsMayBeLeftOutAndAnswersStay) {
  const TemporaryFolder folder;
  const Arguments how{"--model", "default", "--shots", "60", "--ensemble", "3", "--seed", "4"};
  const std::string with = folder / "with.msfit", without = folder / "without.msfit";
  ASSERT_EQ(fit(how, with).exit_code, 0);
  const ProgramResult fitted = fit(joined(how, {"--with-data", "no"}), without);
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  const ProgramResult begun = predict_with(without);
  ASSERT_EQ(begun.exit_code, 0) << begun.err;
  EXPECT_EQ(begun.out, predict_with(with).out);
  EXPECT_THAT(begun.err, HasSubstr("from 60 of 1,688 labelled rows, with default"));
  const json info = json::parse(run_manyshot({"info", without, "--json"}).out);
  EXPECT_EQ(info["with_data"], false);
  EXPECT_EQ(info["kept"], json::array());
  EXPECT_THAT(run_manyshot({"info", without}).out, HasSubstr("60 of 1,688; they are not in the file"));
}

TEST(FitCommand, RefusesWhatContradictsTheFile) {
  const TemporaryFolder folder;
  const std::string file = folder / "m.msfit";
  ASSERT_EQ(fit({"--model", "forest"}, file).exit_code, 0);
  const auto expect = [](const Arguments& arguments, const std::string& message) {
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 2) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  const Arguments predict{"predict", "--fit", file, "--test", test()};
  expect(joined(predict, {"--target", "Age"}), "--target beside --fit");
  expect(joined(predict, {"--train", train()}), "--train beside --fit");
  expect(joined(predict, {"--model", "default"}), "is fitted already, with --model \"forest\"; leave --model out");
  expect(joined(predict, {"--shots", "5"}), "--shots beside --fit");
  expect(joined(predict, {"--folds", "5"}), "its rows are labelled ones");
  expect({"predict", "--fit", file}, "give the table with rows to predict: --test");
  expect({"predict", "--fit", file, "--test", test(), "--out", file}, "would be overwritten");
  expect({"fit", "--fit", file, "--out", folder / "n.msfit"}, "--fit and --append go together");
  expect({"fit", "--append", train(), "--out", folder / "n.msfit"}, "--fit and --append go together");
  expect({"fit", "--out", folder / "n.msfit"}, "--train and --target are needed");
  expect({"fit", "--train", train(), "--target", "NObeyesdad"}, "--out is needed");
  expect({"predict", "--fit", train(), "--test", test()}, "this is no file of manyshot fit");
  expect({"info", train()}, "this is no file of manyshot fit");
  expect({"predict", "--fit", folder / "none.msfit", "--test", test()}, "none.msfit");
  const std::string cut = folder.write("cut.msfit", content_of(file).substr(0, 5000));
  expect({"predict", "--fit", cut, "--test", test()}, "cut short in part \"rows\"");
}

TEST(FitCommand, RefusesOtherWeightsByNameAndHash) {
  const TemporaryFolder folder;
  const std::string model = folder / "model";
  std::filesystem::copy(source_path("models/default"), model, std::filesystem::copy_options::recursive);
  ASSERT_EQ(fit({"--model", model, "--shots", "20", "--ensemble", "1"}, folder / "m.msfit").exit_code, 0);
  ASSERT_EQ(predict_with(folder / "m.msfit").exit_code, 0);
  std::string weights = content_of(model + "/model.safetensors");
  Sha256 sha256;
  sha256.add(weights);
  const std::string before = sha256.hex().substr(0, 12);
  weights.back() = static_cast<char>(weights.back() ^ 1);
  folder.write("model/model.safetensors", weights);
  const ProgramResult result = predict_with(folder / "m.msfit");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("fitted with model " + model + " of sha256 " + before), HasSubstr("other weights")));
  EXPECT_THAT(result.out, IsEmpty());
}

}  // namespace
}  // namespace manyshot
