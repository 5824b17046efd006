// What the tests of core share: the error that a call throws, a folder that goes away, a child process whose end and
// standard error are looked at.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace manyshot::testing {

inline Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorKind::kInternal, ""};
}

inline void expect_error(const std::function<void()>& call, ErrorKind kind, std::string_view message) {
  const Error error = error_of(call);
  EXPECT_EQ(error.kind(), kind);
  EXPECT_EQ(std::string_view(error.what()), message);
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "manyshot_test_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
    return names;
  }

  // Writes a file, and the folders above it.
  std::string put(std::string_view name, std::string_view content) const {
    const std::string path = *this / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

 private:
  std::string path_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct ChildEnd {
  int signal = 0;      // 0: it ended by itself
  int exit_code = -1;  // 0 when `run` returned, 99 when it threw
  std::string standard_error;
};

enum class StandardError { kPipe, kTerminal };

// Runs `run` in a forked process and waits for its end.
inline ChildEnd run_in_child(const std::function<void()>& run, StandardError kind = StandardError::kPipe) {
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

}  // namespace manyshot::testing
