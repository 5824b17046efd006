#include "core/progress.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/log.h"
#include "support/child_process.h"

namespace manyshot {
namespace {

using ::testing::MatchesRegex;

std::string line(uint64_t done, uint64_t total, double elapsed_s) {
  return Progress::format_line("predict", done, total, "rows", elapsed_s);
}

TEST(ProgressLine, CountsRateAndTimeLeft) {
  EXPECT_EQ(line(1200, 5000, 1200 / 310.0), "predict: 1,200/5,000 rows (24 %), 310 rows/s, 12 s left");
  EXPECT_EQ(line(1, 100, 4), "predict: 1/100 rows (1 %), 0.25 rows/s, 6 min 36 s left");
  EXPECT_EQ(line(1, 100, 100), "predict: 1/100 rows (1 %), 0.01 rows/s, 2 h 45 min left");
  EXPECT_EQ(line(4999, 5000, 1), "predict: 4,999/5,000 rows (99 %), 4,999 rows/s, 0 s left");
}

TEST(ProgressLine, BeginningAndEnd) {
  EXPECT_EQ(line(0, 5000, 2), "predict: 0/5,000 rows (0 %)");
  EXPECT_EQ(line(5000, 5000, 10), "predict: 5,000/5,000 rows (100 %), 500 rows/s, took 10 s");
}

TEST(ProgressLine, UnknownTotal) { EXPECT_EQ(line(1200, 0, 4), "predict: 1,200 rows, 300 rows/s"); }

void work_for(std::chrono::milliseconds duration) {
  Progress progress("work", 1000, "steps");
  const auto end = std::chrono::steady_clock::now() + duration;
  while (std::chrono::steady_clock::now() < end) {
    progress.add();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST(Progress, ShortWorkSaysNothing) {
  const auto work = [] { work_for(std::chrono::milliseconds(300)); };
  EXPECT_EQ(run_in_child(work, StandardError::kTerminal).standard_error, "");
}

TEST(Progress, RedrawsOneLineOnATerminalAndLeavesTheLast) {
  const auto work = [] { work_for(std::chrono::milliseconds(1600)); };
  const std::string said = run_in_child(work, StandardError::kTerminal).standard_error;
  const auto drawn = std::count(said.begin(), said.end(), '\033');
  EXPECT_GE(drawn, 3);
  EXPECT_LE(drawn, 8);  // at most ten a second after the first second, and one wipe
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  EXPECT_THAT(said.substr(said.rfind('\033')), MatchesRegex("\033\\[Kwork: [0-9]+/1,000 steps \\([0-9]+ %\\), .*\r\n"));
}

TEST(Progress, WorkInsideOtherWorkSharesItsLine) {
  const auto work = [] {
    Progress progress("whole", 2, "units");
    work_for(std::chrono::milliseconds(1300));
    progress.add(2);
  };
  const std::string said = run_in_child(work, StandardError::kTerminal).standard_error;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << "one last line, of the whole";
  EXPECT_THAT(said, ::testing::HasSubstr("\033[Kwhole: 0/2 units (0 %); work: "));
  EXPECT_THAT(said.substr(said.rfind('\033')), MatchesRegex("\033\\[Kwhole: 2/2 units \\(100 %\\), .*\r\n"));
}

TEST(Progress, SecondsOfWorkSayNothingElsewhere) {
  EXPECT_EQ(run_in_child([] { work_for(std::chrono::milliseconds(1200)); }).standard_error, "");
}

TEST(Progress, QuietMeansQuiet) {
  const auto work = [] {
    log::set_level(log::Level::kWarning);
    work_for(std::chrono::milliseconds(1200));
  };
  EXPECT_EQ(run_in_child(work, StandardError::kTerminal).standard_error, "");
}

}  // namespace
}  // namespace manyshot
