// What a user can get wrong: the message names file, row or line, column, value and next step; the exit code is 2;
// nothing half-written is left behind.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "support/program.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kTrain = "x,y,label\n1,5,a\n2,4,b\n3,3,a\n4,2,b\n5,1,a\n6,0,b\n";
constexpr const char* kTest = "x,y\n1,5\n6,0\n";

class BadInput : public ::testing::Test {
 protected:
  ProgramResult predict(const std::string& train, const std::string& test, std::vector<std::string> more = {},
                        const ProgramOptions& options = {}) {
    std::vector<std::string> arguments{"predict", "--train", train, "--test", test, "--target", "label"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments, options);
  }
  ProgramResult predict_text(const std::string& train, const std::string& test = kTest,
                             std::vector<std::string> more = {}) {
    return predict(folder_.write("train.csv", train), folder_.write("test.csv", test), std::move(more));
  }
  // Refused: exit code 2, no result, one line of error that has all of `parts`.
  static void expect_refused(const ProgramResult& result, const std::vector<std::string>& parts) {
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr("error: "));
    for (const std::string& part : parts) EXPECT_THAT(result.err, HasSubstr(part));
  }
  TemporaryFolder folder_;
};

TEST_F(BadInput, MissingFile) {
  expect_refused(predict(folder_ / "nowhere.csv", folder_.write("test.csv", kTest)), {"nowhere.csv"});
  expect_refused(predict(folder_.write("train.csv", kTrain), folder_ / "nowhere.csv"), {"nowhere.csv"});
}
TEST_F(BadInput, ValuesAreNamedAsTheyWereGiven) {
  const std::string config = folder_.write("tasks.toml", "shots = \"8:80\"\nrows = \"20\"\n");
  const std::vector<std::string> corpus{"corpus", "--tasks", "1", "--out", folder_ / "out"};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = corpus;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments);
  };
  expect_refused(with({"--config", config}), {"tasks.toml:2:8: rows: 20 is too few for 10 classes"});
  expect_refused(with({"--config", config, "--rows", "30"}), {"error: --rows: 30 is too few"});
  expect_refused(with({"--shots", "80:8"}), {"error: --shots 80:8: the range is empty; did you mean 8:80?"});
}
TEST_F(BadInput, EmptyFile) { expect_refused(predict_text(""), {"train.csv", "empty"}); }
TEST_F(BadInput, HeaderOnly) {
  expect_refused(predict_text("x,y,label\n"), {"train.csv", "header"});
  expect_refused(predict_text(kTrain, "x,y\n"), {"test.csv", "header"});
}
TEST_F(BadInput, NoTargetColumnSuggestsTheNearest) {
  expect_refused(predict_text("x,y,labels\n1,2,a\n3,4,b\n"), {"train.csv", "\"label\"", "did you mean \"labels\"?"});
}
TEST_F(BadInput, UnknownIgnoredColumn) {
  expect_refused(predict_text(kTrain, kTest, {"--ignore", "z"}), {"train.csv", "\"z\""});
  expect_refused(predict_text(kTrain, kTest, {"--ignore", "label"}), {"--ignore names the target \"label\""});
  expect_refused(predict_text(kTrain, kTest, {"--ignore", "x,y"}), {"no column is left"});
}
TEST_F(BadInput, OneClass) {
  expect_refused(predict_text("x,label\n1,a\n2,a\n"), {"train.csv", "\"label\" has only one value, \"a\"", "2 rows"});
}
TEST_F(BadInput, NoLabelAtAll) {
  expect_refused(predict_text("x,label\n1,\n2,NA\n"), {"train.csv", "\"label\" has no value"});
}
// No bad input: the model decides in several steps.
TEST_F(BadInput, MoreClassesThanTheModelTellsApart) {
  std::string train = "x,label\n";
  for (int row = 0; row < 40; ++row) train += fmt::format("{},c{}\n", row, row % 11);
  for (const char* model : {"default", "auto"}) {
    const ProgramResult result = predict_text(train, "x\n1\n", {"--model", model});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("11 classes, the model tells 10 apart at a time: it decides among 2 groups"));
  }
  EXPECT_EQ(predict_text(train, "x\n1\n", {"--model", "knn"}).exit_code, 0);
}
TEST_F(BadInput, ATargetThatIsNoClass) {
  std::string train = "x,label\n";
  for (int row = 0; row < 1500; ++row) train += fmt::format("{},{}\n", row, row * 0.5);
  expect_refused(predict_text(train, "x\n1\n", {"--task", "classification"}),
                 {"train.csv", "1500 different values", "looks like a number or an id", "--task regression"});
}
TEST_F(BadInput, AClassSeenOnlyInTheTestTableIsReportedAndCountsAsWrong) {
  const ProgramResult result = predict_text(kTrain, "x,y,label\n1,5,a\n6,0,zebra\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, AllOf(HasSubstr("test.csv: row 1, column \"label\": class \"zebra\" does not occur in"),
                                HasSubstr("count as wrong")));
  EXPECT_THAT(result.out, HasSubstr("row,prediction,p_a,p_b\n0,"));
}
TEST_F(BadInput, AllMissingColumnIsLeftOutWithANote) {
  const ProgramResult result = predict_text("x,empty,label\n1,,a\n2,NA,b\n3,,a\n", "x,empty\n1,\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("column \"empty\" left out: no value in the labelled rows"));
  expect_refused(predict_text("empty,label\n,a\n,b\n", "empty\n1\n"), {"nothing to predict from"});
}
TEST_F(BadInput, UnreadableNumbersCountAsMissing) {
  std::string train = "age,label\n";
  for (int row = 0; row < 30; ++row)
    train += fmt::format("{},{}\n", row == 15 ? "12O" : std::to_string(row), row % 2 ? "a" : "b");
  const ProgramResult result = predict_text(train, "age\n3\nsix\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("train.csv: row 15, column \"age\": cannot read \"12O\" as a number"));
  EXPECT_THAT(result.err, HasSubstr("test.csv: row 1, column \"age\": cannot read \"six\""));
}
TEST_F(BadInput, HugeCell) {
  const std::string huge(100'000, 'q');
  const ProgramResult result = predict_text("x,t,label\n1," + huge + ",a\n2,b,b\n3,c,a\n", "x,t\n1," + huge + "\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LT(result.err.size(), 5'000u);
  expect_refused(predict_text("x,label\n1," + huge + "\n2," + huge + "\n"), {"only one value", "qqq", "…"});
}
TEST_F(BadInput, RaggedRow) {
  expect_refused(predict_text("x,y,label\n1,2,a\n3,4\n5,6,b\n"), {"train.csv", "row 1", "3", "2"});
  expect_refused(predict_text(kTrain, "x,y\n1,2\n3,4,5\n"), {"test.csv", "row 1"});
}
TEST_F(BadInput, TenThousandColumns) {
  std::string header = "label", first = "a", second = "b";
  for (int column = 0; column < 10'000; ++column) {
    header += fmt::format(",x{}", column);
    first += fmt::format(",{}", column % 7);
    second += fmt::format(",{}", column % 5);
  }
  const std::string train = header + "\n" + first + "\n" + second + "\n";
  const ProgramResult result = predict_text(train, train);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("8570 columns, the model takes "), HasSubstr("a larger --ensemble uses more")));
}
TEST_F(BadInput, DuplicateColumnNamesAreRenamedWithANote) {
  const ProgramResult result = predict_text("x,x,label\n1,5,a\n2,4,b\n3,5,a\n", "x,x\n1,5\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("\"x_2\""));
}
TEST_F(BadInput, NotUtf8) {
  expect_refused(predict_text("x,caf\xe9,label\n1,2,a\n2,3,b\n"), {"train.csv", "UTF-8", "--encoding latin1"});
  EXPECT_EQ(predict_text("x,caf\xe9,label\n1,2,a\n2,3,b\n", "x,caf\xe9\n1,2\n", {"--encoding", "latin1"}).exit_code, 0);
}
TEST_F(BadInput, TestTableWithoutAnyTrainingColumn) {
  expect_refused(predict_text(kTrain, "p,q\n1,2\n"), {"test.csv", "none of the training columns", "\"x\"", "\"p\""});
}
TEST_F(BadInput, MissingAndReorderedTestColumns) {
  const ProgramResult result = predict_text(kTrain, "extra,y\n1,5\n");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("no column \"x\"; taken as missing"), HasSubstr("\"extra\" not in the training table")));
  const ProgramResult one = predict_text(kTrain, "x,y\n1,5\n2,2\n"), other = predict_text(kTrain, "y,x\n5,1\n2,2\n");
  EXPECT_EQ(one.out, other.out);
}

TEST_F(BadInput, NotAModel) {
  expect_refused(predict_text(kTrain, kTest, {"--model", "defualt"}),
                 {"no model \"defualt\"", "did you mean \"default\"?"});
  expect_refused(predict_text(kTrain, kTest, {"--model", folder_.path()}), {"config.json"});
}
TEST_F(BadInput, DamagedModels) {
  namespace fs = std::filesystem;
  const std::string source = source_path("tests/data/compact_golden");
  const auto copy = [&](const std::string& name) {
    const std::string folder = folder_ / name;
    fs::copy(source, folder);
    return folder;
  };
  const std::string cut = copy("cut");
  fs::resize_file(cut + "/model.safetensors", 1'000'000);
  expect_refused(predict_text(kTrain, kTest, {"--model", cut}), {"model.safetensors"});

  const std::string garbled = copy("garbled");
  folder_.write("garbled/model.safetensors", "this is no safetensors file at all");
  expect_refused(predict_text(kTrain, kTest, {"--model", garbled}), {"model.safetensors"});

  const std::string wrong = copy("wrong");
  std::string config = content_of(wrong + "/config.json");
  config.replace(config.find("\"hidden_size\": 128"), 18, "\"hidden_size\": 160");
  folder_.write("wrong/config.json", config);
  expect_refused(predict_text(kTrain, kTest, {"--model", wrong}), {"wrong"});

  const std::string broken = copy("broken");
  folder_.write("broken/config.json", "{\"architectures\": [");
  expect_refused(predict_text(kTrain, kTest, {"--model", broken}), {"config.json"});
}

TEST_F(BadInput, OutputThatCannotBeWritten) {
  expect_refused(predict_text(kTrain, kTest, {"--out", folder_ / "no/such/folder/out.csv"}),
                 {"no/such/folder/out.csv"});
  expect_refused(predict_text(kTrain, kTest, {"--out", folder_.path()}), {folder_.path()});
  expect_refused(predict_text(kTrain, kTest, {"--out", "/dev/full"}),
                 {"/dev/full", "No space left on device", "free some space"});
}
TEST_F(BadInput, DiskFullLeavesNothingBehind) {
  std::string test = "x,y\n";
  for (int row = 0; row < 5000; ++row) test += "1,2\n";
  const std::string old = folder_.write("out.csv", "an older result\n");
  const auto limit = [] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit bytes{16'384, 16'384};
    setrlimit(RLIMIT_FSIZE, &bytes);
  };
  for (const char* name : {"out.csv", "out.parquet"}) {
    const ProgramResult result = predict(folder_.write("train.csv", kTrain), folder_.write("test.csv", test),
                                         {"--out", folder_ / name, "--model", "majority"}, {.prepare = limit});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(name));
  }
  EXPECT_EQ(content_of(old), "an older result\n");
  EXPECT_THAT(folder_.names(), ElementsAre("out.csv", "test.csv", "train.csv"));
}
TEST_F(BadInput, CtrlCLeavesNothingBehind) {
  std::string test = "x,y\n";
  for (int row = 0; row < 300'000; ++row) test += fmt::format("{},2\n", row % 7);
  const std::string train = folder_.write("train.csv", kTrain), queries = folder_.write("test.csv", test);
  const auto interrupt = [&](pid_t child) {
    // Wait until the output has been opened, so that there is something to clean up.
    for (int tries = 0; tries < 1000 && folder_.names().size() < 3; ++tries) usleep(5'000);
    usleep(50'000);
    kill(child, SIGINT);
  };
  const ProgramResult result = predict(train, queries, {"--out", folder_ / "out.csv"}, {.meanwhile = interrupt});
  EXPECT_EQ(result.signal, SIGINT) << result.err;
  EXPECT_THAT(folder_.names(), ElementsAre("test.csv", "train.csv"));
}

TEST_F(BadInput, WrongArguments) {
  expect_refused(run_manyshot({"predikt"}), {"no command \"predikt\"; did you mean \"predict\"?"});
  expect_refused(run_manyshot({"predict", "--trian", "a.csv"}), {"no option \"--trian\"; did you mean \"--train\"?"});
  expect_refused(run_manyshot({"predict", "a.csv"}), {"no argument \"a.csv\""});
  expect_refused(run_manyshot({"predict", "--test", "a.csv"}),
                 {"--train and --target are needed, or --fit; see manyshot predict --help"});
  expect_refused(run_manyshot({"predict", "--test", "a.csv", "--target", "y"}),
                 {"--train is needed, or --fit; see manyshot predict --help"});
  expect_refused(run_manyshot({"predict", "--train", "", "--test", "a.csv", "--target", "y"}), {"--train is needed"});
  expect_refused(run_manyshot({"predict", "--train"}), {"--train"});
  expect_refused(predict_text(kTrain, kTest, {"--shots", "0"}), {"--shots", "at least 1"});
  expect_refused(predict_text(kTrain, kTest, {"--shots", "many"}), {"--shots", "many"});
  expect_refused(predict_text(kTrain, kTest, {"--select", "best"}), {"--select", "random or stratified"});
  expect_refused(predict_text(kTrain, kTest, {"--ensemble", "9999"}), {"--ensemble 9999"});
  expect_refused(predict_text(kTrain, kTest, {"--seed", "-1"}), {"--seed", "-1"});
  expect_refused(predict_text(kTrain, kTest, {"--seed", "1", "--seed", "2"}), {"--seed is given 2 times"});
  expect_refused(predict_text(kTrain, kTest, {"--device", "gpu"}), {"--device gpu", "cuda:N"});
}
TEST_F(BadInput, ConfigFile) {
  const std::string config = folder_.write("predict.toml", "seed = 3\nmodle = \"knn\"\n");
  expect_refused(predict_text(kTrain, kTest, {"--config", config}), {"predict.toml:2", "modle", "model"});
  folder_.write("predict.toml", "model = \"knn\"\nshots = 4\n");
  EXPECT_THAT(predict_text(kTrain, kTest, {"--config", config}).err, HasSubstr("from 4 of 6 labelled rows, with knn"));
  EXPECT_THAT(predict_text(kTrain, kTest, {"--config", config, "--model", "majority"}).err, HasSubstr("with majority"));
}

}  // namespace
}  // namespace manyshot
