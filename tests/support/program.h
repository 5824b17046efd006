// Runs the built program (environment variable MANYSHOT_PROGRAM) as a user would.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace manyshot {

struct ProgramResult {
  int exit_code = -1;  // -1 when ended by a signal
  int signal = 0;
  std::string out, err;
};

struct ProgramOptions {
  // Called in the child before the program starts: resource limits and the like.
  std::function<void()> prepare;
  // Called in the parent with the child's process id while it runs: signals and the like.
  std::function<void(pid_t)> meanwhile;
  // Standard output and standard error are one terminal of so many columns, and `out` has both; 0: files.
  unsigned short terminal_columns = 0;
};

ProgramResult run_manyshot(const std::vector<std::string>& arguments, const ProgramOptions& options = {});

}  // namespace manyshot
