// Folders of tasks: the same files for any threads, shards and restarts, and manifests that are not this folder's
// refused.
#include "prior/write_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "core/files.h"
#include "core/parallel.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::prior {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class WriteTasks : public ::testing::Test {
 protected:
  ~WriteTasks() override { set_num_threads(0); }
  static PriorOptions options() {
    PriorOptions options;
    options.prior = "mix:1,graph:1,forest:1";
    options.rows = IntRange{64, 64};
    options.classes = IntRange{2, 3};
    return options;
  }
  TaskFiles files(const std::string& name, uint64_t tasks = 12) const {
    return {.out = folder_ / name, .tasks = tasks, .version = "1", .options = Json{{"seed", 0}}};
  }
  // Name -> bytes of the tables.
  static std::map<std::string, std::string> tables(const std::string& folder) {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() != ".jsonl") result[entry.path().filename()] = read_file(entry.path().string());
    }
    return result;
  }
  std::string refusal(const TaskFiles& wanted) const {
    return error_of([&] { write_tasks(prior_, wanted); }).what();
  }
  const TemporaryFolder folder_;
  const Prior prior_{options()};
};

TEST_F(WriteTasks, SameTablesForAnyThreadsShardsAndRestarts) {
  set_num_threads(1);
  const TaskFilesReport whole = write_tasks(prior_, files("one"));
  EXPECT_EQ(whole.tasks, 12u);
  EXPECT_EQ(whole.written, 12u);
  const auto expected = tables(folder_ / "one");
  ASSERT_EQ(expected.size(), 12u);
  EXPECT_TRUE(expected.contains("task_000011.csv"));

  set_num_threads(7);
  for (const uint64_t index : {2, 0, 1}) {
    TaskFiles shard = files("shards", 11);
    shard.shard = {.index = index, .count = 3};
    EXPECT_EQ(write_tasks(prior_, shard).tasks, index < 2 ? 4u : 3u);
    shard.tasks = 12;
    EXPECT_EQ(write_tasks(prior_, shard).written, index < 2 ? 0u : 1u) << "only what more tasks ask for";
  }
  EXPECT_EQ(tables(folder_ / "shards"), expected);

  std::array<uint64_t, kNumRejections> rejections = write_tasks(prior_, files("grown", 5)).rejections;
  const TaskFilesReport rest = write_tasks(prior_, files("grown"));
  EXPECT_EQ(rest.tasks, 12u);
  EXPECT_EQ(rest.written, 7u);
  for (size_t reason = 0; reason < kNumRejections; ++reason) rejections[reason] += rest.rejections[reason];
  EXPECT_EQ(rejections, whole.rejections);
  EXPECT_EQ(read_file(folder_ / "grown/tasks.jsonl"), read_file(folder_ / "one/tasks.jsonl"));
}

TEST_F(WriteTasks, OtherOptionsAndDamagedManifestsAreErrors) {
  const TaskFiles first = files("folder", 3);
  write_tasks(prior_, first);
  TaskFiles other = first;
  other.options["seed"] = 1;
  EXPECT_THAT(refusal(other), HasSubstr("made with seed 0, now 1"));
  const std::string manifest = first.out + "/tasks.jsonl", text = read_file(manifest);
  std::ofstream(manifest, std::ios::binary) << text << R"({"task": 7})"
                                            << "\n";
  EXPECT_THAT(refusal(first), HasSubstr("tasks.jsonl:5: expected task 3, found {\"task\":7}"));
  EXPECT_THAT(refusal(files("folder/tasks.jsonl")), HasSubstr("cannot make this folder"));
}

}  // namespace
}  // namespace manyshot::prior
