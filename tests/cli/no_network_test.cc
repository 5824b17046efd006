// Predicting opens no socket: the kernel ends a process that tries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

#include "support/program.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

// Called in the child: from here on socket(2) ends the process by SIGSYS.
void forbid_sockets() {
  sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit(99);
}

ProgramResult run_without_sockets(const std::vector<std::string>& arguments) {
  return run_manyshot(arguments, {.prepare = forbid_sockets});
}

TEST(NoNetwork, PredictAndFitOpenNoSocket) {
  const TemporaryFolder folder;
  const std::string train = source_path("examples/wine/train.csv"), test = source_path("examples/wine/test.csv"),
                    fit = folder / "wine.msfit";
  for (const char* model : {"auto", "default"}) {
    const ProgramResult result =
        run_without_sockets({"predict", "--train", train, "--test", test, "--target", "quality", "--shots", "64",
                             "--model", model, "--out", folder / "out.csv"});
    EXPECT_EQ(result.exit_code, 0) << model << ": " << result.err << " signal " << result.signal;
  }
  EXPECT_EQ(
      run_without_sockets({"fit", "--train", train, "--target", "quality", "--shots", "64", "--out", fit}).exit_code,
      0);
  EXPECT_EQ(run_without_sockets({"predict", "--fit", fit, "--test", test, "--out", folder / "out.csv"}).exit_code, 0);
}

// That the filter works: a command that is told to ask an endpoint dies of it.
TEST(NoNetwork, TheFilterEndsWhatOpensOne) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_without_sockets({"evaluate", "--tables", source_path("examples/wine"), "--models", "openai:any", "--base-url",
                           "http://127.0.0.1:9/v1", "--shots", "8", "--max-queries", "2", "--out", folder / "out"});
  EXPECT_EQ(result.signal, SIGSYS) << result.exit_code << result.err;
}

}  // namespace
}  // namespace manyshot
