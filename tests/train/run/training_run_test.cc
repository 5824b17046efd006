// The training loop: the same bits however often it is stopped, what it leaves behind, and how it ends early.
#include "train/run/training_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/files.h"
#include "core/folder_lock.h"
#include "core/parallel.h"
#include "support/child_process.h"
#include "support/error.h"
#include "support/temporary_folder.h"
#include "train/record/ability_record.h"
#include "train/record/checkpoint.h"
#include "train/run/fake_model.h"
#include "train/run/small_run.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kRecipe = std::string(R"(seed = 3
[checkpoint]
every_steps = 4
keep_last = 10
every_minutes = 0
[evaluate]
every_steps = 5
tasks = 3
shots = [8, 16]
[[stage]]
name = "first"
steps = 6
batch = 2
learning_rate = 0.05
warmup_steps = 2
ema = 0.9
)") + kSmallTasks + R"([[stage]]
name = "second"
steps = 6
batch = 2
accumulation = 2
optimizer = "schedule-free"
learning_rate = 0.02
)" + kSmallTasks;

class Run : public ::testing::Test {
 protected:
  RunSetup setup(const std::string& name, const std::vector<std::string>& changes = {}) const {
    return {.recipe = parse_recipe(kRecipe, "recipe.toml", changes),
            .out = folder_ / name,
            .version = "1",
            .matrix_rate = 1e9};
  }
  RunReport train_to(const RunSetup& setup, FakeModel& model) { return train(setup, model, *processes_); }
  RunReport train_to(const RunSetup& setup) {
    FakeModel model;
    return train_to(setup, model);
  }
  // Lines of metrics.jsonl without what the clock decides.
  static std::vector<Json> metrics(const RunSetup& setup) {
    std::vector<Json> lines = metric_lines(setup.out);
    for (Json& line : lines) {
      for (const char* key :
           {"seconds", "sample_seconds", "tokens_per_second", "gflops_per_second", "memory_bytes", "utilisation"}) {
        line.erase(key);
      }
    }
    return lines;
  }
  static void expect_same_end(const RunSetup& a, const RunSetup& b) {
    EXPECT_EQ(metrics(a), metrics(b));
    for (const char* file : {"/checkpoint-12/state.safetensors", "/checkpoint-12/weights.txt"}) {
      EXPECT_EQ(content_of(a.out + file), content_of(b.out + file)) << file;
    }
  }
  void expect_refused(const RunSetup& setup, ErrorKind kind, const std::string& part) {
    const Error error = error_of([&] { train_to(setup); });
    EXPECT_EQ(error.kind(), kind);
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
  TemporaryFolder folder_;
  std::unique_ptr<Collective> processes_ = make_single_process();
};

TEST_F(Run, LearnsAndLeavesAWholeFolder) {
  const RunSetup run = setup("run");
  const RunReport report = train_to(run);
  EXPECT_EQ(report.steps, 12);
  EXPECT_EQ(report.samples, 6u * 2 + 6 * 4);
  EXPECT_NEAR(report.loss, std::log(10.0), 0.1) << "labels are drawn from ten";
  EXPECT_GT(report.utilisation, 0);
  for (const char* name :
       {"run.json", "metrics.jsonl", "trainer_log.jsonl", "training_loss.svg", "report.json", "report.html",
        "report.md", "train_results.json", "checkpoint-4", "checkpoint-8", "checkpoint-12"}) {
    EXPECT_TRUE(fs::exists(run.out + "/" + name)) << name;
  }
  const std::vector<Json> lines = metrics(run);
  EXPECT_EQ(lines.size(), 12u + 3);
  EXPECT_LT(lines.back()["eval_loss"], lines[5]["eval_loss"]);
  const Json run_file = Json::parse(content_of(run.out + "/run.json"));
  EXPECT_EQ(run_file["recipe"]["stages"][0]["name"], "first");
  const Json state = Json::parse(content_of(run.out + "/checkpoint-12/trainer_state.json"));
  EXPECT_EQ(state["global_step"], 12);
  EXPECT_EQ(state["log_history"].size(), 3u);
  EXPECT_THAT(content_of(run.out + "/training_loss.svg"), HasSubstr("</svg>"));
}

TEST_F(Run, ResumedAtAnyCheckpointItEndsInTheSameBits) {
  const std::vector<std::string> changes = {"checkpoint.every_steps=1", "checkpoint.keep_last=100"};
  const RunSetup whole = setup("whole", changes);
  train_to(whole);
  for (const int step : {1, 5, 6, 7, 11}) {  // 6: the last of a stage
    RunSetup resumed = setup("resumed" + std::to_string(step), changes);
    fs::create_directory(resumed.out);
    fs::copy(whole.out, resumed.out, fs::copy_options::recursive);
    for (int later = step + 1; later <= 12; ++later)
      fs::remove_all(resumed.out + "/checkpoint-" + std::to_string(later));
    resumed.resume = find_checkpoint(resumed.out);
    EXPECT_THAT(resumed.resume, ::testing::EndsWith("checkpoint-" + std::to_string(step)));
    train_to(resumed);
    expect_same_end(resumed, whole);
  }
}

TEST_F(Run, ThreadsChangeNothing) {
  const RunSetup one = setup("one"), three = setup("three");
  set_num_threads(1);
  train_to(one);
  set_num_threads(3);
  train_to(three);
  set_num_threads(0);
  expect_same_end(one, three);
}

TEST_F(Run, CheckpointsAreKeptAsAsked) {
  const RunSetup run = setup("run", {"checkpoint.every_steps=1", "checkpoint.keep_last=2", "evaluate.every_steps=3"});
  const RunReport report = train_to(run);
  const std::vector<int64_t> steps = CheckpointFolders(run.out).steps();
  EXPECT_THAT(steps, ::testing::IsSupersetOf({int64_t{11}, int64_t{12}}));
  EXPECT_LE(steps.size(), 3u);
  EXPECT_TRUE(fs::exists(report.best_checkpoint));
  EXPECT_EQ(report.checkpoint, run.out + "/checkpoint-12");
}

TEST_F(Run, TheWeightsOfACheckpointAreTheAverage) {
  const RunSetup run = setup("run", {"checkpoint.every_steps=5"});
  train_to(run);
  const MappedFile mapped(run.out + "/checkpoint-5/state.safetensors");
  const Safetensors state(mapped.bytes(), mapped.path());
  const std::vector<float> average = state.read_f32(*state.find("average.table"));
  EXPECT_NE(average, state.read_f32(*state.find("master.table")));
  EXPECT_THAT(content_of(run.out + "/checkpoint-5/weights.txt"),
              ::testing::StartsWith(std::to_string(average[0]) + "\n"));
}

TEST_F(Run, ALossThatIsNoNumberStopsAndKeepsWhatWasGood) {
  FakeModel model;
  model.network_for_tests().nan_at = 6;
  const RunSetup run = setup("run");
  const Error error = error_of([&] { train_to(run, model); });
  EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
  EXPECT_THAT(error.what(), HasSubstr("stage \"first\", step 6: the loss of batch 0 is nan"));
  EXPECT_THAT(CheckpointFolders(run.out).steps(), ElementsAre(4, 5));  // 5: the evaluation was the best so far
  const Json report = Json::parse(content_of(run.out + "/report.json"));
  EXPECT_EQ(report["steps"], 5) << "as of the last checkpoint";
  EXPECT_EQ(report["finished"], false);
  EXPECT_THAT(content_of(run.out + "/report.md"), HasSubstr("the run is not at its end"));
}

TEST_F(Run, GeneralAbilityIsMeasuredBeforeAndAfter) {
  RunSetup run = setup("run");
  std::vector<std::string> weights;  // at each measurement
  run.measure_ability = [&](const std::string& folder) {
    weights.push_back(content_of(folder + "/weights.txt"));
    return Json{{"perplexity", 10.0 * static_cast<double>(weights.size())}};
  };
  const RunReport report = train_to(run);
  ASSERT_EQ(weights.size(), 2u);
  EXPECT_THAT(weights[0], ::testing::StartsWith("0.000000\n0.000000\n")) << "the fake model's first weights";
  EXPECT_EQ(weights[1], content_of(run.out + "/checkpoint-12/weights.txt"));
  EXPECT_EQ(ability_text(report.ability), "perplexity 10 before, 20 after");
  const std::vector<Json> lines = metrics(run);
  EXPECT_EQ(lines.front(), (Json{{"step", 0}, {"perplexity", 10.0}}));
  EXPECT_EQ(lines.back(), (Json{{"step", 12}, {"perplexity", 20.0}}));
  EXPECT_EQ(Json::parse(content_of(run.out + "/report.json"))["general_ability"]["after"]["perplexity"], 20.0);
  EXPECT_THAT(content_of(run.out + "/trainer_log.jsonl"), HasSubstr("\"perplexity\":20"));

  // A run that goes on keeps what was measured before the first step.
  for (const int step : {8, 12}) fs::remove_all(run.out + "/checkpoint-" + std::to_string(step));
  run.resume = find_checkpoint(run.out);
  EXPECT_EQ(ability_text(train_to(run).ability), "perplexity 10 before, 20 after") << "that of step 12 is known, too";
  EXPECT_EQ(weights.size(), 2u);
  // Other questions are measured anew, before with the weights of the start.
  run.recipe.evaluate.knowledge_questions = 7;
  EXPECT_EQ(ability_text(train_to(run).ability), "perplexity 30 before, 40 after");
  EXPECT_EQ(weights[2], weights[0]);
}

TEST_F(Run, WhatCannotBeResumedIsRefused) {
  RunSetup run = setup("run");
  train_to(run);
  expect_refused(run, ErrorKind::kBadInput, "holds a run already (checkpoint-12)");
  run.resume = run.out + "/checkpoint-4";
  run.recipe = parse_recipe(kRecipe, "recipe.toml", std::vector<std::string>{"stage.first.learning_rate=0.5"});
  expect_refused(run, ErrorKind::kBadInput, "stage 0: learning_rate was 0.05, now it is 0.5");
  run = setup("run");
  run.resume = run.out + "/checkpoint-4";
  std::ofstream(run.resume + "/trainer_state.json") << "{}";
  expect_refused(run, ErrorKind::kCorruptFile, "trainer_state.json: no state of this trainer");
  EXPECT_EQ(error_of([&] { find_checkpoint(folder_.path()); }).kind(), ErrorKind::kNotFound);
}

TEST_F(Run, TwoRunsInOneFolderAreRefused) {
  RunSetup run = setup("run");
  train_to(run);
  run.resume = run.out + "/checkpoint-4";
  {
    const FolderLock other(run.out);
    expect_refused(run, ErrorKind::kBadInput, "another process is working in it");
  }
  EXPECT_EQ(train_to(run).steps, 12) << "the refused one left everything as it was";
}

TEST_F(Run, MemoryIsCheckedBeforeTheFirstStep) {
  FakeModel model;
  model.network_for_tests().peak_bytes_per_sample = size_t{1} << 50;
  const Error error = error_of([&] { train_to(setup("run"), model); });
  EXPECT_EQ(error.kind(), ErrorKind::kOutOfMemory);
  EXPECT_THAT(error.what(), HasSubstr("stage \"first\" needs about"));
  EXPECT_THAT(error.what(), HasSubstr("batch = 1 and accumulation = 2: 1.0 PiB, still too much"));
}

TEST_F(Run, EveryStageIsLookedAtBeforeTheFirstStep) {
  const RunSetup run = setup("run", {"stage.second.data=tokens", "stage.second.path=" + (folder_ / "none")});
  expect_refused(run, ErrorKind::kNotFound, "none");
  EXPECT_FALSE(fs::exists(run.out + "/metrics.jsonl"));
}

// The first of two processes, whose sums fail from the gradient of `step` on.
class FailingProcesses : public Collective {
 public:
  FailingProcesses(int step, ErrorKind kind) : steps_left_(step), kind_(kind) {}
  int rank() const override { return 0; }
  int world_size() const override { return 2; }
  void all_reduce_sum(std::span<float>) override {
    if (--steps_left_ == 0) throw Error(kind_, "the sum failed");
  }
  void all_reduce_sum(std::span<double>) override {}

 private:
  int steps_left_;
  ErrorKind kind_;
};

TEST_F(Run, ALostProcessLeavesTheLastFinishedStep) {
  const auto steps_left_by = [&](const std::string& name, ErrorKind kind) {
    const RunSetup run = setup(name, {"checkpoint.every_steps=0"});
    FailingProcesses processes(4, kind);
    FakeModel model;
    const Error error = error_of([&] { train(run, model, processes); });
    EXPECT_EQ(error.kind(), kind);
    return CheckpointFolders(run.out).steps();
  };
  EXPECT_THAT(steps_left_by("lost", ErrorKind::kUnavailable), ElementsAre(3));
  EXPECT_THAT(steps_left_by("unsupported", ErrorKind::kUnsupported), ElementsAre())
      << "another error is no lost process";
}

TEST_F(Run, AFullDiskLeavesWholeCheckpoints) {
  const RunSetup run = setup("run");
  const ChildEnd end = run_in_child([&] {
    set_num_threads(1);
    ::signal(SIGXFSZ, SIG_IGN);
    FakeModel model;
    const RunSetup inner = run;
    std::function<Json(const std::string&)> limit = [](const std::string&) {
      const rlimit small{600, 600};  // from the first evaluation on no file can be longer
      setrlimit(RLIMIT_FSIZE, &small);
      return Json::object();
    };
    RunSetup with_limit = inner;
    with_limit.evaluate_tables = limit;
    train(with_limit, model, *processes_);
  });
  EXPECT_EQ(end.exit_code, 99);
  EXPECT_THAT(end.standard_error, HasSubstr("cannot write"));
  const std::vector<int64_t> steps = CheckpointFolders(run.out).steps();
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(read_trainer_state(CheckpointFolders(run.out).path(steps.back())).step, steps.back());
}

}  // namespace
}  // namespace manyshot::train
