#include "support/program.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>

#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

void redirect(const std::string& path, int descriptor) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(file, descriptor);
  close(file);
}

// Both ends of a terminal.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (openpty(&ours_, &theirs_, nullptr, nullptr, &size) != 0) throw std::runtime_error("openpty fails");
  }
  ~Terminal() { close(ours_); }
  void use_in_child() const {
    dup2(theirs_, STDOUT_FILENO);
    dup2(theirs_, STDERR_FILENO);
    close(theirs_);
    close(ours_);
  }
  // All that is written until the child ends, with plain line ends.
  std::string read_all() const {
    close(theirs_);
    std::string text;
    char bytes[4096];
    for (ssize_t count; (count = read(ours_, bytes, sizeof bytes)) > 0;) text.append(bytes, count);
    std::erase(text, '\r');
    return text;
  }

 private:
  int ours_ = -1, theirs_ = -1;
};

}  // namespace

ProgramResult run_manyshot(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  const TemporaryFolder folder;
  const std::string program = test_environment("MANYSHOT_PROGRAM");
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::optional<Terminal> terminal;
  if (options.terminal_columns > 0) terminal.emplace(options.terminal_columns);
  const pid_t child = fork();
  if (child == 0) {
    if (terminal) {
      terminal->use_in_child();
    } else {
      redirect(folder / "out", STDOUT_FILENO);
      redirect(folder / "err", STDERR_FILENO);
    }
    if (options.prepare) options.prepare();
    execv(argv[0], argv.data());
    _exit(127);
  }
  if (options.meanwhile) options.meanwhile(child);
  ProgramResult result;
  if (terminal) result.out = terminal->read_all();
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (terminal) return result;
  result.out = content_of(folder / "out");
  result.err = content_of(folder / "err");
  return result;
}

}  // namespace manyshot
