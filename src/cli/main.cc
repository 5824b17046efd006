#include <malloc.h>

#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "cli/command.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/text.h"
#include "core/version.h"

namespace manyshot {

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_predict_command());
  commands.push_back(make_info_command());
  commands.push_back(make_tokenize_command());
  commands.push_back(make_prompt_command());
  commands.push_back(make_score_command());
  commands.push_back(make_synth_command());
  commands.push_back(make_corpus_command());
  commands.push_back(make_train_command());
  commands.push_back(make_merge_command());
  commands.push_back(make_export_command());
  commands.push_back(make_evaluate_command());
  return commands;
}

namespace {

void apply_common(const CommonOptions& common) {
  if (common.quiet) log::set_level(log::Level::kWarning);
  if (common.device != Device::kCpu) {
    fail(ErrorKind::kUnsupported, "--device {}: this version runs on the processor only; leave the option out",
         name_of(common.device));
  }
  set_num_threads(common.threads);
}

void print_help(const std::vector<std::string>& arguments) {
  const bool markdown = !arguments.empty() && arguments.front() == "--markdown";
  fmt::print("{}", markdown ? options_document() : program_help());
}

void run_command(const std::string& name, const std::vector<std::string>& arguments) {
  std::vector<std::string> names{"help", "version"};
  for (const auto& command : all_commands()) {
    names.push_back(command->name());
    if (command->name() != name) continue;
    CommonOptions common;
    const ParsedArguments parsed = parse_arguments(*command, common, arguments);
    if (parsed.help) {
      fmt::print("{}", command_help(*command));
      return;
    }
    apply_common(common);
    try {
      command->run(common);
    } catch (const OptionError& error) {
      refuse_as_given(error, parsed.places);
    }
    return;
  }
  fail(ErrorKind::kBadInput, "no command \"{}\"{}; see manyshot help", name, did_you_mean(name, names));
}

void dispatch(const std::vector<std::string>& arguments) {
  const std::string name = arguments.empty() ? "help" : arguments.front();
  const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (name == "help" || name == "--help" || name == "-h") {
    print_help(rest);
  } else if (name == "version" || name == "--version") {
    fmt::print("manyshot {}\n", program_version());
  } else {
    run_command(name, rest);
  }
}

int run_program(const std::vector<std::string>& arguments) {
  try {
    dispatch(arguments);
    if (std::fflush(stdout) != 0) fail(ErrorKind::kBadInput, "cannot write to standard output; is the disk full?");
    return 0;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) end_by_signal();
    log::write(log::Level::kError, error.what());
    return exit_code(error.kind());
  } catch (const std::bad_alloc&) {
    log::write(log::Level::kError,
               "out of memory; use fewer --shots or columns, or a machine or container with more memory");
    return 1;
  } catch (const std::exception& error) {
    log::write(log::Level::kError, fmt::format("internal error: {}; please report it with the command", error.what()));
    return 1;
  }
}

// Freed blocks stay with the process: giving pages back and faulting them in again costs more than the products
// computed in them.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 16 << 20);
}

}  // namespace
}  // namespace manyshot

int main(int argc, char** argv) {
  manyshot::keep_freed_memory();
  manyshot::install_signal_handlers();
  return manyshot::run_program({argv + 1, argv + argc});
}
