// What was acknowledged is kept: processes that are killed while they write, and several that write at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "memory/memory_file.h"
#include "support/temporary_folder.h"

namespace manyshot::memory {
namespace {

NewExperience numbered(int writer, int number) {
  return {Json{{"writer", writer}, {"number", number}, {"text", std::string(100, 'x')}}, number % 3 == 0 ? "a" : "b"};
}

// Runs `run` in a child, which then ends; its process id.
template <class Run>
pid_t start(const Run& run) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    run();
    _exit(0);
  } catch (const std::exception& error) {
    fprintf(stderr, "%s\n", error.what());
    _exit(99);
  }
}

int exit_code_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Durability, AKilledWriterLosesNothingThatWasAcknowledged) {
  const TemporaryFolder folder;
  const std::string path = folder / "agent.memory";
  std::set<int64_t> acknowledged;
  for (int round = 0; round < 10; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = start([&] {
      MemoryFile file(path);
      for (int number = 0;; ++number) {
        const NewExperience experience = numbered(round, number);
        const int64_t id = file.remember("c", std::span(&experience, 1)).front();
        if (write(ends[1], &id, sizeof id) != sizeof id) return;
      }
    });
    close(ends[1]);
    int64_t id = 0;
    // Killed in the middle of what follows some acknowledged ones.
    for (int i = 0; i < 20 + 3 * round && read(ends[0], &id, sizeof id) == sizeof id; ++i) acknowledged.insert(id);
    kill(child, SIGKILL);
    while (read(ends[0], &id, sizeof id) == sizeof id) acknowledged.insert(id);
    close(ends[0]);
    EXPECT_EQ(exit_code_of(child), -SIGKILL);
  }
  EXPECT_GE(acknowledged.size(), 300u);
  MemoryFile file(path);
  std::set<int64_t> kept;
  for (const Experience& experience : file.all("c")) {
    kept.insert(experience.id);
    EXPECT_EQ(experience.fields.size(), 3u);
  }
  EXPECT_TRUE(std::includes(kept.begin(), kept.end(), acknowledged.begin(), acknowledged.end()));
}

TEST(Durability, TwoWritersLoseNothing) {
  const TemporaryFolder folder;
  const std::string path = folder / "agent.memory";
  constexpr int kEach = 500;
  const auto write_all = [&](int writer) {
    MemoryFile file(path);  // both make the file, at the same time
    for (int number = 0; number < kEach; ++number) {
      const NewExperience experience = numbered(writer, number);
      file.remember("c", std::span(&experience, 1));
    }
  };
  const pid_t first = start([&] { write_all(1); }), second = start([&] { write_all(2); });
  EXPECT_EQ(exit_code_of(first), 0);
  EXPECT_EQ(exit_code_of(second), 0);
  MemoryFile file(path);
  std::set<std::pair<int, int>> kept;
  for (const Experience& experience : file.all("c"))
    kept.emplace(experience.fields["writer"], experience.fields["number"]);
  EXPECT_EQ(kept.size(), size_t{2 * kEach});
  EXPECT_EQ(file.state("c")->count, uint64_t{2 * kEach});
}

// Readers see whole transactions while others write.
TEST(Durability, ReadersSeeWholeBatches) {
  const TemporaryFolder folder;
  const std::string path = folder / "agent.memory";
  MemoryFile file(path);
  const pid_t writer = start([&] {
    MemoryFile own(path);
    for (int batch = 0; batch < 40; ++batch) {
      std::vector<NewExperience> experiences;
      for (int i = 0; i < 7; ++i) experiences.push_back(numbered(batch, i));
      own.remember("c", experiences);
    }
  });
  size_t count = 0;
  while (count < 280) {
    count = file.all("c").size();
    EXPECT_EQ(count % 7, 0u);
    usleep(200);
  }
  EXPECT_EQ(exit_code_of(writer), 0);
}

}  // namespace
}  // namespace manyshot::memory
