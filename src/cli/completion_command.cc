#include <fmt/format.h>

#include "cli/command.h"
#include "cli/completion.h"

namespace manyshot {
namespace {

struct CompletionOptions {
  Shell shell = Shell::kBash;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("shell", self.shell, any_value(), "The shell; may stand without the flag.");
  }
};

class CompletionCommand : public Command {
 public:
  std::string name() const override { return "completion"; }
  std::string summary() const override { return "a script that completes commands and options in a shell"; }
  std::string details() const override {
    return "Prints the script for bash, zsh or fish. ./run install and the package put all three where shells look for "
           "them.";
  }
  std::string examples() const override {
    return "    source <(manyshot completion bash)\n"
           "    manyshot completion zsh > ~/.zfunc/_manyshot\n"
           "    manyshot completion fish > ~/.config/fish/completions/manyshot.fish\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "shell"; }
  void run(const CommonOptions&) override { fmt::print("{}", completion_script(options_.shell)); }

 private:
  CompletionOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_completion_command() { return std::make_unique<CompletionCommand>(); }

}  // namespace manyshot
