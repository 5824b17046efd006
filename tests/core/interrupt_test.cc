#include "core/interrupt.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "core/stop_loops.h"
#include "support/child_process.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// The test may have been started where Ctrl-C is ignored.
void install_afresh() {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  install_signal_handlers();
}

TEST(Interrupt, LoopsAreStoppedWithoutASignalToo) {
  {
    const LoopsStopped one, two;
    EXPECT_THROW(check_interrupted(), Error);
  }
  EXPECT_NO_THROW(check_interrupted());
}

TEST(Interrupt, LoopsOfOneThreadAreStoppedWithTheThreadsThatShareThem) {
  const std::atomic<bool> no = false, yes = true;
  const StoppableLoops outer(&yes);
  EXPECT_THROW(check_interrupted(), Error);
  std::thread([] { EXPECT_NO_THROW(check_interrupted()); }).join();
  {
    const StoppableLoops inner(&no);
    EXPECT_NO_THROW(check_interrupted());
    EXPECT_NO_THROW(parallel_for(64, [](size_t, int) { check_interrupted(); }));
  }
  std::atomic<int> num_stopped = 0;
  parallel_for(64, [&](size_t, int) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    try {
      check_interrupted();
    } catch (const Error&) {
      ++num_stopped;
    }
  });
  EXPECT_EQ(num_stopped, 64);
  const StoppableLoops never(nullptr);
  EXPECT_NO_THROW(check_interrupted());
  EXPECT_NO_THROW(parallel_for(64, [](size_t, int) { check_interrupted(); })) << "no thread of the pool keeps the flag";
}

TEST(Interrupt, NothingHappensWithoutASignal) {
  const ChildEnd end = run_in_child([] {
    install_afresh();
    check_interrupted();
  });
  EXPECT_EQ(end.exit_code, 0);
}

TEST(Interrupt, TheFirstSignalIsReportedAsAnError) {
  for (const auto& [number, message] :
       {std::pair{SIGINT, "interrupted by Ctrl-C"}, std::pair{SIGTERM, "interrupted by SIGTERM"}}) {
    const ChildEnd end = run_in_child([number = number, message = message] {
      install_afresh();
      raise(number);
      try {
        check_interrupted();
      } catch (const Error& error) {
        _exit(error.kind() == ErrorKind::kInterrupted && std::strcmp(error.what(), message) == 0 ? 7 : 8);
      }
    });
    EXPECT_EQ(end.exit_code, 7);
  }
}

TEST(Interrupt, LoopsStopWithoutASignalAsLongAsTheyShall) {
  const ChildEnd end = run_in_child([] {
    install_afresh();
    bool has_stopped = false;
    {
      const LoopsStopped stopped;
      try {
        check_interrupted();
      } catch (const Error& error) {
        has_stopped = error.kind() == ErrorKind::kInterrupted;
      }
    }
    const bool is_signal = was_signalled();
    check_interrupted();
    raise(SIGTERM);
    _exit(has_stopped && !is_signal && was_signalled() ? 7 : 8);
  });
  EXPECT_EQ(end.exit_code, 7);
}

TEST(Interrupt, TheProcessEndsByTheSignalItGot) {
  for (const int number : {SIGINT, SIGTERM}) {
    const ChildEnd end = run_in_child([number] {
      install_afresh();
      raise(number);
      end_by_signal();
    });
    EXPECT_EQ(end.signal, number);
  }
}

TEST(Interrupt, ABlockedSignalBecomesTheUsualExitCode) {
  const ChildEnd end = run_in_child([] {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    end_by_signal();
  });
  EXPECT_EQ(end.exit_code, 128 + SIGINT);
}

TEST(Interrupt, ASecondSignalRemovesUnfinishedFilesAndEndsAtOnce) {
  const TemporaryFolder folder;
  folder.write("old.csv", "old");
  const ChildEnd end = run_in_child([&] {
    install_afresh();
    OutputFile replaced(folder / "old.csv");
    OutputFile added(folder / "new.csv");
    OutputFile complete(folder / "complete.csv");
    complete.commit();
    raise(SIGINT);
    if (access(added.temporary_path().c_str(), F_OK) != 0) _exit(1);
    raise(SIGTERM);
    _exit(2);
  });
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_THAT(folder.names(), UnorderedElementsAre("old.csv", "complete.csv"));
}

TEST(Interrupt, EndingBySignalRemovesUnfinishedFiles) {
  const TemporaryFolder folder;
  const ChildEnd end = run_in_child([&] {
    install_afresh();
    OutputFile file(folder / "new.csv");
    raise(SIGINT);
    end_by_signal();
  });
  EXPECT_EQ(end.signal, SIGINT);
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(Interrupt, UnregisteredFilesStayAndFurtherOnesAreNotRegistered) {
  const TemporaryFolder folder;
  const ChildEnd end = run_in_child([&] {
    install_afresh();
    for (int file = 0; file < 66; ++file) {
      folder.write(std::to_string(file), "");
      register_unfinished(folder / std::to_string(file));
    }
    unregister_unfinished(folder / "7");
    unregister_unfinished(folder / "never registered");
    end_by_signal();
  });
  EXPECT_EQ(end.signal, SIGINT);
  EXPECT_THAT(folder.names(), UnorderedElementsAre("7", "64", "65"));
}

TEST(Interrupt, AnIgnoredCtrlCStaysIgnored) {
  const ChildEnd end = run_in_child([] {
    signal(SIGINT, SIG_IGN);
    install_signal_handlers();
    raise(SIGINT);
    raise(SIGINT);
    check_interrupted();
  });
  EXPECT_EQ(end.exit_code, 0);
}

TEST(Interrupt, AFileSizeLimitBecomesAnError) {
  const TemporaryFolder folder;
  const ChildEnd end = run_in_child([&] {
    install_afresh();
    const rlimit limit{1024, 1024};
    setrlimit(RLIMIT_FSIZE, &limit);
    write_file(folder / "out.csv", std::string(4096, 'x'));
  });
  EXPECT_EQ(end.exit_code, 99) << "signal " << end.signal;
}

}  // namespace
}  // namespace manyshot
