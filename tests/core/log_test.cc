#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "core/log_capture.h"
#include "support/child_process.h"

namespace manyshot {
namespace {

void say_everything() {
  log::debug("d {}", 1);
  log::info("i {}", 2);
  log::warning("w {}", 3);
  log::write(log::Level::kError, "e 4");
}

TEST(Log, PlainLinesWithPrefixes) {
  EXPECT_EQ(run_in_child(say_everything).standard_error, "i 2\nwarning: w 3\nerror: e 4\n");
}

TEST(Log, LevelsHideWhatIsBelow) {
  const auto said_at = [](log::Level level) {
    return run_in_child([level] {
             log::set_level(level);
             say_everything();
           })
        .standard_error;
  };
  EXPECT_EQ(said_at(log::Level::kDebug), "debug: d 1\ni 2\nwarning: w 3\nerror: e 4\n");
  EXPECT_EQ(said_at(log::Level::kWarning), "warning: w 3\nerror: e 4\n");
  EXPECT_EQ(said_at(log::Level::kError), "error: e 4\n");
  EXPECT_EQ(said_at(log::Level::kOff), "");
}

TEST(Log, ACaptureKeepsWhatItsThreadSays) {
  const ChildEnd end = run_in_child([] {
    log::Capture outer;
    log::info("for the outer one");
    {
      log::Capture inner;
      say_everything();
      std::thread([] { log::info("of another thread"); }).join();
      if (inner.take() != std::vector<std::string>{"i 2", "w 3", "e 4"} || !inner.take().empty()) std::abort();
    }
    if (outer.take() != std::vector<std::string>{"for the outer one"}) std::abort();
  });
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.standard_error, "of another thread\n");
}

TEST(Log, BracesAndPercentSignsAreText) {
  EXPECT_EQ(run_in_child([] { log::write(log::Level::kInfo, "{} %v 24 %"); }).standard_error, "{} %v 24 %\n");
}

TEST(Log, ColoursThePrefixOnATerminalOnly) {
  const auto warn = [] {
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    log::warning("careful");
  };
  EXPECT_EQ(run_in_child(warn, StandardError::kTerminal).standard_error, "\033[33m\033[1mwarning: \033[mcareful\r\n");
  EXPECT_EQ(run_in_child(warn).standard_error, "warning: careful\n");
}

TEST(Log, NoColorIsRespected) {
  const auto warn = [] {
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    log::warning("careful");
  };
  EXPECT_EQ(run_in_child(warn, StandardError::kTerminal).standard_error, "warning: careful\r\n");
}

TEST(Log, LinesOfThreadsStayWhole) {
  const std::string said = run_in_child([] {
                             std::vector<std::thread> threads;
                             for (int thread = 0; thread < 4; ++thread) {
                               threads.emplace_back([] {
                                 for (int line = 0; line < 50; ++line) log::info("0123456789");
                               });
                             }
                             for (std::thread& thread : threads) thread.join();
                           }).standard_error;
  std::string expected;
  for (int line = 0; line < 200; ++line) expected += "0123456789\n";
  EXPECT_EQ(said, expected);
}

TEST(StatusLine, IsWipedForAMessageAndDrawnAgain) {
  const auto work = [] {
    log::set_status_line("half done");
    log::info("a note");
    log::set_status_line("");
    log::info("the end");
  };
  EXPECT_EQ(run_in_child(work, StandardError::kTerminal).standard_error,
            "\r\033[Khalf done\r\033[Ka note\r\nhalf done\r\033[Kthe end\r\n");
  EXPECT_EQ(run_in_child(work).standard_error, "a note\nthe end\n");
}

TEST(StatusLine, IsCutToTheWidthOfTheTerminal) {
  const auto work = [] { log::set_status_line(std::string(500, 'x')); };
  EXPECT_EQ(run_in_child(work, StandardError::kTerminal).standard_error, "\r\033[K" + std::string(79, 'x'));
}

}  // namespace
}  // namespace manyshot
