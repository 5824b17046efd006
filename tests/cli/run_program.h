// Runs the built program (environment variable MANYSHOT_PROGRAM) as a user would.
#pragma once

#include <sys/types.h>

#include <csignal>
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
};

ProgramResult run_manyshot(const std::vector<std::string>& arguments, const ProgramOptions& options = {});

// A folder that lives as long as the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  // Writes `text` to a file of that name and returns its path.
  std::string write(const std::string& name, const std::string& text) const;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // Names of all files there, hidden ones too.
  std::vector<std::string> files() const;

 private:
  std::string path_;
};

std::string read_text(const std::string& path);
std::string source_file(const std::string& relative_path);

}  // namespace manyshot
