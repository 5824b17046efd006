#include "support/child_process.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

namespace manyshot {

ChildEnd run_in_child(const std::function<void()>& run, StandardError kind) {
  int ends[2];
  if (kind == StandardError::kPipe) {
    EXPECT_EQ(pipe(ends), 0);
  } else {
    EXPECT_EQ(openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
  }
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    try {
      run();
    } catch (const std::exception& error) {
      dprintf(STDERR_FILENO, "%s", error.what());
      _exit(99);
    }
    _exit(0);
  }
  close(ends[1]);
  ChildEnd end;
  char bytes[4096];
  for (ssize_t count; (count = read(ends[0], bytes, sizeof bytes)) > 0;) end.standard_error.append(bytes, count);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  return end;
}

}  // namespace manyshot
