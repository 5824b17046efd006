#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr size_t kHelpWidth = 110;

// Breaks `text` into lines of at most `width` bytes at blanks; lines after the first start with `indent` blanks.
std::string wrap(const std::string& text, size_t indent) {
  std::string result;
  size_t column = indent;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    if (column + (end - begin) > kHelpWidth && column > indent) {
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
  std::vector<std::string> heads;
  size_t width = 0;
  for (const Option& option : list) {
    std::string head = "  " + option.flag;
    if (option.is_list)
      head += " A,B";
    else if (option.type == "integer")
      head += " N";
    else if (option.type == "number")
      head += " X";
    else if (!option.is_flag)
      head += " TEXT";
    width = std::max(width, head.size() + 2);
    heads.push_back(std::move(head));
  }
  std::string text;
  for (size_t i = 0; i < list.size(); ++i) {
    const Option& option = list[i];
    std::string help = option.help;
    if (!option.limits_text.empty()) help += fmt::format(" [{}]", option.limits_text);
    if (option.is_flag && option.default_text == "true") {
      help += fmt::format(" (default: on; {}=false turns it off)", option.flag);
    } else if (!option.default_text.empty() && !option.is_flag) {
      help += fmt::format(" (default: {})", option.default_text);
    }
    text += fmt::format("{:<{}}{}\n", heads[i], width, wrap(help, width));
  }
  return text;
}

}  // namespace

std::string command_help(Command& command) {
  CommonOptions common;
  return fmt::format("manyshot {}: {}\n\n{}\n\nExamples:\n{}\nOptions:\n{}\nOptions of every command:\n{}",
                     command.name(), command.summary(), wrap(command.details(), 0), command.examples(),
                     option_lines(command.options()), option_lines(options_of(common)));
}

std::string program_help() {
  std::string text =
      "manyshot: labels and probabilities for the rows of a table, from labelled example rows in the prompt of a "
      "language model\n\n"
      "    manyshot predict --train labelled.csv --test new.csv --target column\n\nCommands:\n";
  for (const auto& command : all_commands()) text += fmt::format("  {:<10}{}\n", command->name(), command->summary());
  text += fmt::format("  {:<10}{}\n", "help", "this page; manyshot COMMAND --help for one command");
  text += fmt::format("  {:<10}{}\n", "version", "the version of the program");
  text +=
      "\nExit code: 0 success, 2 something in the input is wrong (the message says what and where), 1 anything else.\n";
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
