// A command of the program: its name, its options, what it does. main.cc dispatches; one file per command.
#pragma once

#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"

namespace manyshot {

// Options every command has.
struct CommonOptions {
  std::string config;
  int threads = 0;
  std::string device = "cpu";
  bool quiet = false;
  bool json = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Options of every command");
    v("config", self.config, any_value(), "TOML file with options by name (seed = 7); the command line wins over it.");
    v("threads", self.threads, between(0, 1024),
      "Threads; 0: all cores this process may use. Results do not depend on it.");
    v("device", self.device, any_value(),
      "Where models compute: cpu (as auto); for train, predict, fit, evaluate, score, generate, serve and lab run also "
      "cuda or cuda:1, a GPU with the libraries of a torch installation (the folder MANYSHOT_TORCH, or the first "
      "Python on the PATH), and torch-cpu, to compare with it.");
    v("quiet", self.quiet, any_value(), "Only warnings and errors on standard error.");
    v("json", self.json, any_value(),
      "The summary as one line of JSON: on standard output, or on standard error when that carries the result; an "
      "error as one line of JSON on standard error.");
  }
};

class Command {
 public:
  virtual ~Command() = default;
  virtual std::string name() const = 0;      // one word, or two: "lab make"
  virtual std::string summary() const = 0;   // one line
  virtual std::string details() const = 0;   // a paragraph or two for --help
  virtual std::string examples() const = 0;  // lines, indented by four
  virtual OptionList options() = 0;          // of this command alone
  // The option that an argument without a flag sets, or "".
  virtual std::string positional() const { return ""; }
  // Whether run() reads the file of --config itself, since it holds more than options by name.
  virtual bool reads_config() const { return false; }
  // Whether run() can compute elsewhere than on the CPU.
  virtual bool uses_device() const { return false; }
  virtual void run(const CommonOptions& common) = 0;
};

// All commands, in the order in which they are listed.
std::vector<std::unique_ptr<Command>> all_commands();
std::unique_ptr<Command> make_predict_command();
std::unique_ptr<Command> make_fit_command();
std::unique_ptr<Command> make_info_command();
std::unique_ptr<Command> make_tokenize_command();
std::unique_ptr<Command> make_score_command();
std::unique_ptr<Command> make_generate_command();
std::unique_ptr<Command> make_serve_command();
std::unique_ptr<Command> make_mcp_command();
std::unique_ptr<Command> make_memory_list_command();
std::unique_ptr<Command> make_memory_export_command();
std::unique_ptr<Command> make_synth_command();
std::unique_ptr<Command> make_corpus_command();
std::unique_ptr<Command> make_prompt_command();
std::unique_ptr<Command> make_train_command();
std::unique_ptr<Command> make_merge_command();
std::unique_ptr<Command> make_export_command();
std::unique_ptr<Command> make_evaluate_command();
std::unique_ptr<Command> make_lab_quick_command();
std::unique_ptr<Command> make_lab_make_command();
std::unique_ptr<Command> make_lab_run_command();
std::unique_ptr<Command> make_lab_report_command();
std::unique_ptr<Command> make_lab_cost_command();
std::unique_ptr<Command> make_lab_prompts_command();
std::unique_ptr<Command> make_lab_model_command();
std::unique_ptr<Command> make_completion_command();

// Prints the line of --json (docs/formats/json.md): the command, the version, the options, what `results` has (an
// "options" there wins), and the peak memory.
void print_summary(Command& command, const Json& results, std::FILE* stream = stdout);
// Where the summary goes: standard error when the command's result, written to `out`, is on standard output.
std::FILE* summary_stream(const std::string& out);

// Sets the options of `command` and `common` from the command line (and from --config, which it names), and says
// whether --help was asked. Throws Error(kBadInput) for unknown options, with the nearest name, for bad values, for
// required options that are not given, and for outputs that would destroy an input (cli/keep_inputs.h).
struct ParsedArguments {
  bool help = false;
  OptionPlaces places;  // how the user gave each option; those that were not given go by their flags
};
ParsedArguments parse_arguments(Command& command, CommonOptions& common, std::span<const std::string> arguments);

std::string command_help(Command& command);
std::string program_help();
// The commands whose names begin with this word: "lab".
std::string group_help(const std::string& word);
// docs/options.md
std::string options_document();
// The manual page of the program and all its commands, in the man macros of roff(7).
std::string manual_page();
// What `manyshot version` prints: version, commit, and what this machine and installation have.
std::string version_text();

}  // namespace manyshot
