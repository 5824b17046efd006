#include <fmt/ranges.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "cli/command.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/log.h"
#include "core/parallel.h"
#include "core/text.h"
#include "model/device/device.h"

namespace manyshot {

std::vector<std::unique_ptr<Command>> all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_predict_command());
  commands.push_back(make_fit_command());
  commands.push_back(make_info_command());
  commands.push_back(make_tokenize_command());
  commands.push_back(make_prompt_command());
  commands.push_back(make_score_command());
  commands.push_back(make_generate_command());
  commands.push_back(make_serve_command());
  commands.push_back(make_mcp_command());
  commands.push_back(make_memory_list_command());
  commands.push_back(make_memory_export_command());
  commands.push_back(make_synth_command());
  commands.push_back(make_corpus_command());
  commands.push_back(make_train_command());
  commands.push_back(make_merge_command());
  commands.push_back(make_export_command());
  commands.push_back(make_evaluate_command());
  commands.push_back(make_lab_quick_command());
  commands.push_back(make_lab_make_command());
  commands.push_back(make_lab_run_command());
  commands.push_back(make_lab_report_command());
  commands.push_back(make_lab_cost_command());
  commands.push_back(make_lab_prompts_command());
  commands.push_back(make_lab_model_command());
  commands.push_back(make_completion_command());
  return commands;
}

namespace {

void apply_common(const Command& command, const CommonOptions& common) {
  if (common.quiet) log::set_level(log::Level::kWarning);
  if (!command.uses_device() && !parse_device(common.device).is_cpu()) {
    fail(ErrorKind::kUnsupported,
         "--device {}: manyshot {} computes on the CPU; leave the option out; train, predict, fit, evaluate, score, "
         "generate, serve and lab "
         "run take it",
         common.device, command.name());
  }
  set_num_threads(common.threads);
}

// The names of commands that begin with `word` and a blank, without these: "make" and "run" of lab.
std::vector<std::string> commands_of_group(const std::string& word) {
  std::vector<std::string> names;
  for (const auto& command : all_commands()) {
    const std::string name = command->name();
    if (name.starts_with(word + " ")) names.push_back(name.substr(word.size() + 1));
  }
  return names;
}

// Takes the name of a command, of one word or two, off the front of `arguments`.
std::string take_name(std::vector<std::string>& arguments) {
  std::string name = arguments.front();
  arguments.erase(arguments.begin());
  const std::vector<std::string> members = commands_of_group(name);
  if (members.empty()) return name;
  if (arguments.empty() || arguments.front().starts_with("-")) {
    fail(ErrorKind::kBadInput, "manyshot {} needs a second word: {}; see manyshot help {}", name,
         fmt::join(members, ", "), name);
  }
  const std::string second = arguments.front();
  if (std::ranges::find(members, second) == members.end()) {
    fail(ErrorKind::kBadInput, "no command \"{} {}\"{}; there are {} {}", name, second, did_you_mean(second, members),
         name, fmt::join(members, ", "));
  }
  arguments.erase(arguments.begin());
  return name + " " + second;
}

std::unique_ptr<Command> find_command(const std::string& name) {
  std::vector<std::string> names{"help", "version"};
  for (auto& command : all_commands()) {
    if (command->name() == name) return std::move(command);
    names.push_back(command->name());
  }
  fail(ErrorKind::kBadInput, "no command \"{}\"{}; see manyshot help", name, did_you_mean(name, names));
}

void print_help(std::vector<std::string> arguments) {
  const std::string topic = arguments.empty() ? "help" : arguments.front();
  if (topic == "--markdown") {
    fmt::print("{}", options_document());
  } else if (topic == "--man") {
    fmt::print("{}", manual_page());
  } else if (topic == "help" || topic == "version") {
    fmt::print("{}", program_help());
  } else if (arguments.size() == 1 && !commands_of_group(topic).empty()) {
    fmt::print("{}", group_help(topic));
  } else {
    fmt::print("{}", command_help(*find_command(take_name(arguments))));
  }
}

// Whether errors are wanted as JSON, as far as the arguments alone tell.
bool ask_for_json(const std::vector<std::string>& arguments) {
  return std::ranges::any_of(
      arguments, [](const std::string& argument) { return argument == "--json" || argument == "--json=true"; });
}

// Sets `as_json` once it is known, --config read, whether --json holds.
void run_command(const std::string& name, const std::vector<std::string>& arguments, bool& as_json) {
  const std::unique_ptr<Command> command = find_command(name);
  CommonOptions common;
  const ParsedArguments parsed = parse_arguments(*command, common, arguments);
  if (parsed.help) {
    fmt::print("{}", command_help(*command));
    return;
  }
  as_json = common.json;
  apply_common(*command, common);
  try {
    command->run(common);
  } catch (const OptionError& error) {
    refuse_as_given(error, parsed.places);
  }
}

void dispatch(std::vector<std::string> arguments, bool& as_json) {
  if (arguments.empty()) arguments.emplace_back("help");
  const std::string first = arguments.front();
  const bool asks_help = arguments.size() == 2 && (arguments[1] == "--help" || arguments[1] == "-h");
  if (first == "help" || first == "--help" || first == "-h") {
    print_help({arguments.begin() + 1, arguments.end()});
  } else if (first == "version" || first == "--version") {
    fmt::print("{}", version_text());
  } else if (asks_help && !commands_of_group(first).empty()) {
    fmt::print("{}", group_help(first));
  } else {
    const std::string name = take_name(arguments);
    run_command(name, arguments, as_json);
  }
}

// Tells the error, and returns the exit code.
int report_error(ErrorKind kind, const std::string& message, bool as_json) {
  const int code = exit_code(kind);
  if (as_json) {
    const Json json{{"kind", name_of(kind)}, {"message", message}, {"exit_code", code}};
    fmt::print(stderr, "{}\n", json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace));
  } else {
    log::write(log::Level::kError, message);
  }
  return code;
}

int run_program(const std::vector<std::string>& arguments) {
  bool as_json = ask_for_json(arguments);
  try {
    dispatch(arguments, as_json);
    if (std::fflush(stdout) != 0) fail(ErrorKind::kBadInput, "cannot write to standard output; is the disk full?");
    return 0;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) end_by_signal();
    return report_error(error.kind(), error.what(), as_json);
  } catch (const std::bad_alloc&) {
    return report_error(ErrorKind::kOutOfMemory,
                        "out of memory; use fewer --shots or columns, or a machine or container with more memory",
                        as_json);
  } catch (const std::exception& error) {
    return report_error(ErrorKind::kInternal,
                        fmt::format("internal error: {}; please report it with the command", error.what()), as_json);
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
