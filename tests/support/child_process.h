// Code that ends its process, changes its limits or looks at its standard error, run in a forked one.
#pragma once

#include <functional>
#include <string>

namespace manyshot {

struct ChildEnd {
  int signal = 0;      // 0: it ended by itself
  int exit_code = -1;  // 0 when `run` returned, 99 when it threw
  std::string standard_error;
};

enum class StandardError { kPipe, kTerminal };

// Runs `run` in a forked process and waits for its end.
ChildEnd run_in_child(const std::function<void()>& run, StandardError kind = StandardError::kPipe);

}  // namespace manyshot
