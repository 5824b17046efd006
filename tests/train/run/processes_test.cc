// Two processes that train one model through Gloo: the losses of one process with twice the accumulation, and what is
// left when one of them dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "core/error.h"
#include "core/parallel.h"
#include "support/child_process.h"
#include "support/free_port.h"
#include "support/temporary_folder.h"
#include "train/collective/collective.h"
#include "train/record/checkpoint.h"
#include "train/run/fake_model.h"
#include "train/run/small_run.h"
#include "train/run/training_run.h"

namespace manyshot::train {
namespace {

using ::testing::HasSubstr;

const std::string kRecipe = std::string(R"(seed = 3
[evaluate]
tasks = 8
shots = [8]
[[stage]]
name = "main"
steps = 6
batch = 2
learning_rate = 0.05
)") + kSmallTasks;

class Processes : public ::testing::Test {
 protected:
  RunSetup setup(const std::string& name, int accumulation) const {
    return {.recipe = parse_recipe(kRecipe, "recipe.toml",
                                   std::vector<std::string>{"stage.main.accumulation=" + std::to_string(accumulation)}),
            .out = folder_ / name,
            .version = "1"};
  }

  // Runs both processes; returns how the first one ends, with the exit code that the program gives for its error.
  ChildEnd run_two(const RunSetup& run, const std::function<void(int rank, FakeModel& model)>& prepare) const {
    set_num_threads(1);
    const int port = free_port();
    const auto train_as = [&](int rank) {
      FakeModel model;
      prepare(rank, model);
      const auto processes = open_collective({.rank = rank, .world_size = 2, .address = "127.0.0.1", .port = port});
      train(run, model, *processes);
    };
    const pid_t second = fork();
    if (second == 0) {
      try {
        train_as(1);
      } catch (const std::exception&) {
        _exit(99);
      }
      _exit(0);
    }
    const ChildEnd end = run_in_child([&] {
      try {
        train_as(0);
      } catch (const Error& error) {
        std::fputs(error.what(), stderr);
        std::_Exit(exit_code(error.kind()));
      }
    });
    int status = 0;
    waitpid(second, &status, 0);
    return end;
  }

  static std::vector<double> losses(const RunSetup& run) {
    std::vector<double> values;
    for (const Json& line : metric_lines(run.out)) {
      values.push_back(line.contains("loss") ? line["loss"] : line["eval_loss"]);
    }
    return values;
  }
  TemporaryFolder folder_;
};

TEST_F(Processes, TwoGiveTheLossesOfTwiceTheAccumulation) {
  const RunSetup two = setup("two", 1), one = setup("one", 2);
  const ChildEnd end = run_two(two, [](int, FakeModel&) {});
  ASSERT_EQ(end.exit_code, 0) << end.standard_error;
  FakeModel model;
  train(one, model, *make_single_process());
  const std::vector<double> together = losses(two), alone = losses(one);
  ASSERT_EQ(together.size(), 7u);
  ASSERT_EQ(alone.size(), together.size());
  for (size_t i = 0; i < alone.size(); ++i) EXPECT_NEAR(together[i], alone[i], 1e-5 * alone[i]) << i;
}

TEST_F(Processes, WhenOneDiesTheOtherKeepsACheckpoint) {
  const RunSetup run = setup("run", 1);
  const ChildEnd end = run_two(run, [](int rank, FakeModel& model) {
    if (rank == 1) model.network_for_tests().dies_at = 4;
  });
  EXPECT_EQ(end.exit_code, 1) << "nothing is wrong with what the user gave";
  EXPECT_THAT(end.standard_error, HasSubstr("another process of this run has ended"));
  EXPECT_THAT(CheckpointFolders(run.out).steps(), ::testing::ElementsAre(3));
}

TEST_F(Processes, ALossThatIsNoNumberEndsBoth) {
  const ChildEnd end = run_two(setup("run", 1), [](int rank, FakeModel& model) {
    if (rank == 1) model.network_for_tests().nan_at = 2;
  });
  EXPECT_EQ(end.exit_code, 2);
  EXPECT_THAT(end.standard_error, HasSubstr("the loss of another process is no finite number"));
}

}  // namespace
}  // namespace manyshot::train
