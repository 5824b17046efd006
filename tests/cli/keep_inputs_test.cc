// No output may destroy an input: whatever way a path takes to a file that a command reads, it is refused before
// anything is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kTrain = "x,y,label\n1,5,a\n2,4,b\n3,3,a\n4,2,b\n5,1,a\n6,0,b\n";

class KeepInputs : public ::testing::Test {
 protected:
  KeepInputs() {
    folder_.write("train.csv", kTrain);
    folder_.write("test.csv", "x,y\n1,5\n6,0\n");
    fs::create_directories(folder_ / "model");
    folder_.write("model/config.json", "{}");
    folder_.write("questions.jsonl", "{}\n");
  }

  // Runs the command and expects that it names what would be lost, and that every file is as it was.
  void expect_refused(const std::vector<std::string>& arguments, const std::string& part) {
    const auto before = contents();
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(part));
    EXPECT_EQ(contents(), before);
  }
  void expect_refused_prediction(const std::string& out, const std::string& part) {
    for (const char* command : {"predict", "prompt"}) {
      expect_refused({command, "--model", folder_ / "model", "--train", folder_ / "train.csv", "--test",
                      folder_ / "test.csv", "--target", "label", "--out", out},
                     part);
    }
  }
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) result[entry.path().string()] = content_of(entry.path().string());
    }
    return result;
  }

  TemporaryFolder folder_;
};

TEST_F(KeepInputs, ByTheSamePathOrAnotherOne) {
  expect_refused_prediction(folder_ / "train.csv", "train.csv: this is what --train reads, which would be overwritten");
  expect_refused_prediction(folder_ / "model/../test.csv", "this is what --test reads");
}

TEST_F(KeepInputs, ByLinks) {
  fs::create_symlink(folder_ / "test.csv", folder_ / "soft.csv");
  fs::create_hard_link(folder_ / "train.csv", folder_ / "hard.csv");
  expect_refused_prediction(folder_ / "soft.csv", "this is what --test reads");
  expect_refused_prediction(folder_ / "hard.csv", "this is what --train reads");
}

TEST_F(KeepInputs, FilesOfAModelsFolder) {
  expect_refused_prediction(folder_ / "model/config.json", "this is part of what --model reads");
}

TEST_F(KeepInputs, FoldersThatAreRead) {
  const std::string model = folder_ / "model";
  expect_refused({"merge", "--model", model, "--adapter", folder_ / "adapter", "--out", model + "/."},
                 "what --model reads");
  expect_refused({"merge", "--model", folder_ / "base", "--adapter", model, "--out", model}, "what --adapter reads");
  expect_refused({"export", "--model", model, "--to", "peft", "--out", model}, "what --model reads");
  expect_refused({"export", "--model", model, "--to", "gguf", "--out", model + "/config.json"},
                 "part of what --model reads");
  expect_refused({"score", "--model", model, "--in", folder_ / "questions.jsonl", "--out", folder_ / "questions.jsonl"},
                 "what --in reads");
  expect_refused({"corpus", "--tasks", "1", "--exclude", model, "--out", model}, "what --exclude reads");
  const std::string config = folder_.write("options.toml", "seed = 7\n");
  expect_refused({"synth", "--tasks", "1", "--config", config, "--out", config}, "what --config reads");
  expect_refused({"synth", "--tasks", "1", "--config", config, "--gallery", config}, "what --config reads");
}

TEST_F(KeepInputs, NewFilesAndOtherPlacesAreFree) {
  const auto predict = [&](const std::string& out) {
    return run_manyshot({"predict", "--model", "majority", "--train", folder_ / "train.csv", "--test",
                         folder_ / "test.csv", "--target", "label", "--out", out})
        .exit_code;
  };
  EXPECT_EQ(predict(folder_ / "new.csv"), 0);
  EXPECT_EQ(predict(folder_ / "new.csv"), 0) << "an older output may be written again";
  EXPECT_EQ(predict("/dev/stdout"), 0);
}

}  // namespace
}  // namespace manyshot
