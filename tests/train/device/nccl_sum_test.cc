// Gradients of two processes on devices: summed by NCCL where both have it, else in the host's memory, to the same
// bits. A stand-in of NCCL that sums in the host's memory serves the engine on libtorch's CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "support/free_port.h"
#include "support/temporary_folder.h"
#include "train/collective/collective.h"
#include "train/compact/random_tasks.h"
#include "train/device/library.h"

namespace manyshot::train {
namespace {

class Nccl : public ::testing::Test {
 protected:
  // Two processes take two steps each with samples of their own; `library_of` says what MANYSHOT_NCCL is in each.
  // Returns the masters of each behind the last step.
  std::vector<std::string> train(const std::string& name, const std::vector<std::string>& library_of) {
    const int port = free_port();
    std::vector<pid_t> children;
    for (int rank = 0; rank < 2; ++rank) {
      children.push_back(fork());
      if (children.back() != 0) continue;
      setenv("MANYSHOT_NCCL", library_of[static_cast<size_t>(rank)].c_str(), 1);
      setenv("FAKE_NCCL_LOG", log().c_str(), 1);
      try {
        train_as(rank, port, masters(name, rank));
      } catch (const std::exception& error) {
        std::fputs(error.what(), stderr);
        _exit(99);
      }
      _exit(0);
    }
    std::vector<std::string> found;
    for (int rank = 0; rank < 2; ++rank) {
      int status = 0;
      waitpid(children[static_cast<size_t>(rank)], &status, 0);
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << name << " " << rank;
      found.push_back(read_file(masters(name, rank)));
    }
    return found;
  }

  std::string log() const { return folder_ / "calls"; }
  std::string masters(const std::string& name, int rank) const { return folder_ / (name + std::to_string(rank)); }

  static void train_as(int rank, int port, const std::string& path) {
    set_num_threads(1);
    const auto model = make_device_compact_model(small_network(DType::kFloat32), parse_device("torch-cpu"));
    const auto processes = open_collective({.rank = rank, .world_size = 2, .address = "127.0.0.1", .port = port});
    const auto updates = model->device_updates({.learning_rate = 0.01}, 0);
    for (int step = 0; step < 2; ++step) {
      updates->zero_gradients();
      model->accumulate(std::vector{random_task({}, static_cast<uint64_t>(10 * rank + step))}, 1, 0);
      updates->sum_gradients(
          {.rank = rank, .world_size = 2, .sum = [&](std::span<float> values) { processes->all_reduce_sum(values); }});
      updates->finish_gradients(0.1, 1);
      updates->step(1, step);
    }
    std::string bytes;
    for (const StateTensor& tensor : updates->state()) {
      bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes());
    }
    write_file(path, bytes);
  }

  TemporaryFolder folder_;
};

TEST_F(Nccl, SumsAsTheHostDoes) {
  const std::vector<std::string> nccl = train("nccl", {FAKE_NCCL, FAKE_NCCL});
  EXPECT_THAT(read_file(log()), ::testing::HasSubstr("join\njoin\n"));
  EXPECT_EQ(std::ranges::count(read_file(log()), '\n'), 2 + 2 * 2 + 2) << "joined, two steps of two, left";
  const std::vector<std::string> host = train("host", {"off", "off"});
  EXPECT_EQ(nccl[0], nccl[1]);
  EXPECT_EQ(host[0], host[1]);
  EXPECT_TRUE(nccl[0] == host[0]) << "two numbers have one sum";
}

TEST_F(Nccl, IsLeftAloneWhereOneProcessHasNone) {
  const std::vector<std::string> mixed = train("mixed", {FAKE_NCCL, "off"}), host = train("host", {"off", "off"});
  EXPECT_FALSE(std::filesystem::exists(log()));
  EXPECT_EQ(mixed[0], mixed[1]);
  EXPECT_TRUE(mixed[0] == host[0]);
  train("missing", {"no_such_library.so", FAKE_NCCL});
  EXPECT_FALSE(std::filesystem::exists(log()));
}

}  // namespace
}  // namespace manyshot::train
