// Manifests of long jobs, and the shards that share them.
#include "core/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "core/shard.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ManifestFile : public ::testing::Test {
 protected:
  Manifest open(const Json& options = {{"seed", 1}}, const std::string& version = "1") {
    seen_.clear();
    return Manifest(path_, "job 1", version, options, [&](const Json& line, uint64_t number) {
      seen_.push_back(fmt::format("{}:{}", number, line.dump()));
    });
  }
  std::string message(const Json& options = {{"seed", 1}}, const std::string& version = "1") {
    return error_of([&] { open(options, version); }).what();
  }
  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "manifest_test.jsonl";
  std::vector<std::string> seen_;
};

TEST_F(ManifestFile, RemembersFinishedPieces) {
  open().append("{\"a\":1}\n{\"a\":2}\n");
  open().append("{\"a\":3}\n");
  open();
  EXPECT_THAT(seen_, ElementsAre("2:{\"a\":1}", "3:{\"a\":2}", "4:{\"a\":3}"));
}

TEST_F(ManifestFile, CutsOffALineThatACrashLeftHalfWritten) {
  open().append("{\"a\":1}\n");
  const std::string whole = read_file(path_);
  std::ofstream(path_, std::ios::app) << "{\"a\":";
  open();
  EXPECT_THAT(seen_, ElementsAre("2:{\"a\":1}"));
  EXPECT_EQ(read_file(path_), whole);
}

TEST_F(ManifestFile, OtherOptionsVersionsFormatsAndDamageAreErrors) {
  open().append("{\"a\":1}\n");
  EXPECT_THAT(message({{"seed", 2}}), HasSubstr("made with seed 1, now 2"));
  EXPECT_THAT(message({{"seed", 1}}, "2"), HasSubstr("this is 2"));
  std::ofstream(path_, std::ios::app) << "nonsense\n";
  EXPECT_THAT(message(), HasSubstr("manifest_test.jsonl:3"));
  for (const char* header : {"x\n", "{\"format\": 3}\n", "{\"format\": \"job 2\", \"options\": {}}\n", "\n"}) {
    std::ofstream(path_) << header;
    EXPECT_THAT(message(), HasSubstr("format \"job 1\"")) << header;
  }
}

TEST(Shard, IsIOfN) {
  EXPECT_EQ(parse_shard("0/1").count, 1u);
  EXPECT_EQ(parse_shard("7/8").index, 7u);
  for (const char* text : {"", "1", "8/8", "-1/2", "0/0", "a/b", "0/1/2", "0/9999999"})
    EXPECT_THROW(parse_shard(text), Error) << text;
}

class ShardOfEnvironment : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name :
         {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP",
          "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", "RANK", "WORLD_SIZE", "SLURM_PROCID", "SLURM_NTASKS"})
      unsetenv(name);
  }
  void TearDown() override { SetUp(); }
  static void set(std::initializer_list<std::pair<const char*, const char*>> variables) {
    for (const auto& [name, value] : variables) setenv(name, value, 1);
  }
};

TEST_F(ShardOfEnvironment, Launchers) {
  set({{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}});
  EXPECT_EQ(to_text(parse_shard("auto")), "1/2");
  set({{"RANK", "3"}, {"WORLD_SIZE", "4"}});
  EXPECT_EQ(to_text(parse_shard("auto")), "3/4");
  set({{"JOB_COMPLETION_INDEX", "5"}, {"JOB_COMPLETIONS", "6"}});
  EXPECT_EQ(to_text(parse_shard("auto")), "5/6");
  set({{"SLURM_ARRAY_TASK_ID", "14"},
       {"SLURM_ARRAY_TASK_MIN", "10"},
       {"SLURM_ARRAY_TASK_STEP", "2"},
       {"SLURM_ARRAY_TASK_COUNT", "3"}});
  EXPECT_EQ(to_text(parse_shard("auto")), "2/3") << "an array is asked first: --array=10-14:2";
}

TEST_F(ShardOfEnvironment, NothingOrNoSenseIsRefused) {
  EXPECT_THROW(parse_shard("auto"), Error);
  set({{"JOB_COMPLETION_INDEX", "1"}});
  EXPECT_THROW(parse_shard("auto"), Error) << "without the number of completions";
  set({{"JOB_COMPLETIONS", "1"}});
  EXPECT_THROW(parse_shard("auto"), Error);
  set({{"JOB_COMPLETIONS", "many"}});
  EXPECT_THROW(parse_shard("auto"), Error);
}

TEST(ShardFile, NamesThePart) {
  EXPECT_EQ(shard_file({}, "tasks", ".jsonl"), "tasks.jsonl");
  EXPECT_EQ(shard_file({.index = 2, .count = 8}, "tasks", ".jsonl"), "tasks-2-of-8.jsonl");
}

}  // namespace
}  // namespace manyshot
