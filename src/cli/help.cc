#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/option_text.h"
#include "core/terminal.h"

namespace manyshot {
namespace {

// As wide as the terminal, within bounds; without one always the same.
size_t help_width() {
  constexpr size_t kLeast = 80, kMost = 120, kWithoutTerminal = 110;
  const auto columns = terminal_columns(STDOUT_FILENO);
  return columns ? std::clamp(*columns, kLeast, kMost) : kWithoutTerminal;
}

// Breaks `text` into lines of at most help_width() bytes at blanks; lines after the first start with `indent` blanks.
std::string wrap(const std::string& text, size_t indent) {
  const size_t width = help_width();
  std::string result;
  size_t column = indent;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    if (begin > 0 && column + 1 + (end - begin) > width && column > indent) {
      result += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (begin > 0) {
      result += ' ';
      ++column;
    }
    result += text.substr(begin, end - begin);
    column += end - begin;
    begin = end + 1;
  }
  return result;
}

std::string option_lines(const OptionList& list) {
  size_t width = 0;
  for (const Option& option : list) width = std::max(width, with_value(option).size() + 4);
  std::string text;
  for (const OptionGroup& group : by_heading(list)) {
    text += fmt::format("\n{}:\n", group.heading.empty() ? "Options" : group.heading);
    for (const Option& option : group.options)
      text += fmt::format("{:<{}}{}\n", "  " + with_value(option), width, wrap(meaning(option), width));
  }
  return text;
}

std::string command_line(const std::string& name, const std::string& summary) {
  return fmt::format("  {:<15}{}\n", name, summary);
}

}  // namespace

std::string command_help(Command& command) {
  CommonOptions common;
  OptionList list = command.options();
  const std::string first_lines =
      fmt::format("manyshot {}: {}\n\n    {}\n\n{}\n\nExamples:\n{}", command.name(), command.summary(),
                  usage_of(command, list), wrap(command.details(), 0), command.examples());
  for (Option& option : options_of(common)) list.push_back(std::move(option));
  return first_lines + option_lines(list);
}

std::string group_help(const std::string& word) {
  std::string text = fmt::format("manyshot {}, commands:\n\n", word);
  for (const auto& command : all_commands()) {
    if (command->name().starts_with(word + " ")) text += command_line(command->name(), command->summary());
  }
  return text + fmt::format("\nmanyshot help {} COMMAND for one of them.\n", word);
}

std::string program_help() {
  std::string text =
      "manyshot: labels and probabilities for the rows of a table, from labelled example rows in the prompt of a "
      "language model\n\n"
      "    manyshot predict --train labelled.csv --test new.csv --target column\n\nCommands:\n";
  for (const auto& command : all_commands()) text += command_line(command->name(), command->summary());
  text += command_line("help", "this page; manyshot help COMMAND for one command");
  text += command_line("version", "the version of the program");
  text +=
      "\nExit code: 0 success, 2 something in the input is wrong (the message says what and where), 1 anything else. "
      "--json: results and errors as JSON (docs/formats/json.md).\n";
  return text;
}

std::string options_document() {
  std::string text =
      "# Options\n\nMade by `./run docs` from the declarations in the sources; do not edit. Every option can stand in "
      "a TOML file too (`--config`), under its name with underscores.\n";
  for (const auto& command : all_commands()) {
    text += fmt::format("\n## manyshot {}\n\n{}\n\n{}", command->name(), command->summary(),
                        options_markdown(command->options()));
  }
  CommonOptions common;
  text += "\n## Every command\n\n" + options_markdown(options_of(common));
  return text;
}

}  // namespace manyshot
