#include "cli/completion.h"

#include <fmt/ranges.h>

#include <map>
#include <vector>

#include "cli/command.h"
#include "core/text.h"

namespace manyshot {
namespace {

// What completion needs to know of a command.
struct Words {
  std::string name, summary, positional;
  OptionList options;
};

// All commands, with the ones that main.cc knows beside them.
class Vocabulary {
 public:
  Vocabulary() : declared_(all_commands()) {
    for (const auto& command : declared_) {
      OptionList options = command->options();
      for (Option& option : options_of(common_)) options.push_back(std::move(option));
      commands.push_back({command->name(), command->summary(), command->positional(), std::move(options)});
      const size_t blank = command->name().find(' ');
      if (blank == std::string::npos) {
        first_words.emplace_back(command->name(), command->summary());
      } else {
        const std::string group = command->name().substr(0, blank);
        if (!groups.contains(group)) first_words.emplace_back(group, "several commands: manyshot help " + group);
        groups[group].emplace_back(command->name().substr(blank + 1), command->summary());
      }
    }
    first_words.emplace_back("help", "all commands, or one");
    first_words.emplace_back("version", "the version of the program, and what it can use here");
  }

  using Described = std::vector<std::pair<std::string, std::string>>;
  std::vector<Words> commands;
  Described first_words;
  std::map<std::string, Described> groups;  // the second words of "lab"

 private:
  std::vector<std::unique_ptr<Command>> declared_;  // options refer to them
  CommonOptions common_;
};

std::string names_in(const Vocabulary::Described& words) {
  std::string text;
  for (const auto& [name, summary] : words) text += (text.empty() ? "" : " ") + name;
  return text;
}

// As one word of a shell, for texts of any kind.
std::string in_single_quotes(const std::string& text, const char* quote_inside) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string(quote_inside) : std::string(1, c);
  return quoted + "'";
}

// The first sentence of a help text; menus have one line.
std::string first_sentence(const std::string& help) {
  size_t end = std::min({help.find(". "), help.find("; "), help.find(": ")});
  if (end == std::string::npos && help.ends_with('.')) end = help.size() - 1;
  return help.substr(0, end);
}

constexpr const char* kBashLogic =
    R"(# Completion of manyshot for bash. Load it in ~/.bashrc:  source <(manyshot completion bash)
_manyshot() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} first=2 words=
  # --task=regression is three words to bash.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
)";

std::string bash_script(const Vocabulary& vocabulary) {
  std::string text = kBashLogic;
  text += fmt::format("  if ((COMP_CWORD == 1)); then\n    words=\"{}\"\n", names_in(vocabulary.first_words));
  text += fmt::format("  elif [[ $command == help ]] && ((COMP_CWORD == 2)); then\n    words=\"{}\"\n",
                      names_in(vocabulary.first_words));
  for (const auto& [group, members] : vocabulary.groups) {
    text += fmt::format(
        "  elif [[ $command == {0} && $COMP_CWORD == 2 || $command == help && $previous == {0} && $COMP_CWORD == 3 ]]; "
        "then\n",
        group);
    text += fmt::format("    words=\"{}\"\n", names_in(members));
  }
  text += "  else\n";
  for (const auto& [group, members] : vocabulary.groups)
    text += fmt::format("    [[ $command == {} ]] && command+=\" ${{COMP_WORDS[2]}}\" first=3\n", group);
  text += "    case \"$command $previous\" in\n";
  for (const Words& command : vocabulary.commands) {
    for (const Option& option : command.options) {
      if (option.is_flag || option.limits.choices.empty()) continue;
      text += fmt::format("      \"{} {}\") words=\"{}\" ;;\n", command.name, option.flag,
                          fmt::join(option.limits.choices, " "));
    }
  }
  text += "    esac\n    [[ -z $words && $current == -* ]] && case $command in\n";
  for (const Words& command : vocabulary.commands) {
    std::vector<std::string> flags;
    for (const Option& option : command.options) flags.push_back(option.flag);
    text += fmt::format("      \"{}\") words=\"{} --help\" ;;\n", command.name, fmt::join(flags, " "));
  }
  text += "    esac\n";
  for (const Words& command : vocabulary.commands) {
    for (const Option& option : command.options) {
      if (option.name != command.positional || option.limits.choices.empty()) continue;
      text += fmt::format("    [[ -z $words && $command == \"{}\" ]] && ((COMP_CWORD == first)) && words=\"{}\"\n",
                          command.name, fmt::join(option.limits.choices, " "));
    }
  }
  text += "  fi\n  [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n";
  return text + "complete -o bashdefault -o default -F _manyshot manyshot\n";
}

std::string zsh_quoted(const std::string& text) { return in_single_quotes(text, "'\\''"); }

// '--task=[whether the target is a class or a number]:task:(auto classification regression)'
std::string zsh_option(const Option& option) {
  std::string text = option.flag + (option.is_flag ? "[" : "=[");
  for (const char c : first_sentence(option.help))
    text += (c == '[' || c == ']' || c == '\\' ? "\\" : "") + std::string(1, c);
  text += ']';
  if (!option.is_flag) {
    text += fmt::format(":{}:", option.name);
    text += option.limits.choices.empty() ? "_files" : fmt::format("({})", fmt::join(option.limits.choices, " "));
  }
  return zsh_quoted(text);
}

std::string zsh_described(const std::string& variable, const Vocabulary::Described& words) {
  std::string text = fmt::format("  local -a {}=(\n", variable);
  for (const auto& [name, summary] : words) text += "    " + zsh_quoted(name + ":" + summary) + "\n";
  return text + "  )\n";
}

std::string zsh_script(const Vocabulary& vocabulary) {
  std::string text =
      "#compdef manyshot\n# Completion of manyshot for zsh. Save it as _manyshot in a folder of $fpath, or load it in "
      "~/.zshrc behind compinit:  source <(manyshot completion zsh)\n_manyshot() {\n";
  text += zsh_described("commands", vocabulary.first_words);
  for (const auto& [group, members] : vocabulary.groups) text += zsh_described(group + "_commands", members);
  text +=
      "  if (( CURRENT == 2 )) || [[ $words[2] == help && CURRENT -eq 3 ]]; then\n"
      "    _describe -t commands command commands\n    return\n  fi\n"
      "  if [[ $words[2] == help ]]; then\n    shift words\n    (( CURRENT-- ))\n  fi\n"
      "  local name=$words[2]\n";
  for (const auto& [group, members] : vocabulary.groups) {
    text += fmt::format(
        "  if [[ $name == {0} ]]; then\n    if (( CURRENT == 3 )); then\n      _describe -t commands command "
        "{0}_commands\n      return\n    fi\n    name=\"{0} $words[3]\"\n    shift words\n    (( CURRENT-- ))\n  fi\n",
        group);
  }
  text += "  shift words\n  (( CURRENT-- ))\n  case $name in\n";
  for (const Words& command : vocabulary.commands) {
    text += fmt::format("    {})\n      _arguments -S '--help[what the command does]' \\\n", zsh_quoted(command.name));
    std::string rest = "'*:file:_files'";
    for (const Option& option : command.options) {
      text += "        " + zsh_option(option) + " \\\n";
      if (option.name == command.positional && !option.limits.choices.empty())
        rest = zsh_quoted(fmt::format("1:{}:({})", option.name, fmt::join(option.limits.choices, " ")));
    }
    text += "        " + rest + "\n      ;;\n";
  }
  return text +
         "  esac\n}\nif [[ $funcstack[1] == _manyshot ]]; then\n  _manyshot \"$@\"\nelse\n  compdef _manyshot "
         "manyshot\nfi\n";
}

std::string fish_quoted(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += (c == '\\' ? "\\" : "") + std::string(1, c);
  return in_single_quotes(escaped, "\\'");
}

std::string fish_words(const std::string& condition, const Vocabulary::Described& words) {
  std::string text;
  for (const auto& [name, summary] : words)
    text +=
        fmt::format("complete -c manyshot -n {} -f -a {} -d {}\n", fish_quoted(condition), name, fish_quoted(summary));
  return text;
}

std::string fish_script(const Vocabulary& vocabulary) {
  std::string groups;
  for (const auto& [group, members] : vocabulary.groups) groups += " " + group;
  std::string text = fmt::format(
      "# Completion of manyshot for fish. Save it in ~/.config/fish/completions/manyshot.fish\n"
      "function __manyshot_at --description 'whether this command stands on the line'\n"
      "    set -l words (commandline -opc)\n    set -e words[1]\n    set -l name \"$words[1]\"\n"
      "    if contains -- \"$name\"{} help; and set -q words[2]\n        set name \"$name $words[2]\"\n    end\n"
      "    test \"$name\" = \"$argv\"\nend\n",
      groups);
  text += fish_words("__manyshot_at", vocabulary.first_words);
  text += fish_words("__manyshot_at help", vocabulary.first_words);
  for (const auto& [group, members] : vocabulary.groups) {
    text += fish_words("__manyshot_at " + group, members) + fish_words("__manyshot_at help " + group, members);
  }
  for (const Words& command : vocabulary.commands) {
    const std::string at = fish_quoted("__manyshot_at " + command.name);
    for (const Option& option : command.options) {
      text += fmt::format("complete -c manyshot -n {} -l {}", at, option.flag.substr(2));
      if (!option.limits.choices.empty() && !option.is_flag) {
        text += fmt::format(" -x -a '{}'", fmt::join(option.limits.choices, " "));
        if (option.name == command.positional)
          text += fmt::format(" -d {0}\ncomplete -c manyshot -n {1} -f -a '{2}'",
                              fish_quoted(first_sentence(option.help)), at, fmt::join(option.limits.choices, " "));
      } else if (!option.is_flag) {
        text += " -r";
      }
      text += fmt::format(" -d {}\n", fish_quoted(first_sentence(option.help)));
    }
    text += fmt::format("complete -c manyshot -n {} -l help -d 'what the command does'\n", at);
  }
  return text;
}

}  // namespace

std::string completion_script(Shell shell) {
  const Vocabulary vocabulary;
  switch (shell) {
    case Shell::kBash:
      return bash_script(vocabulary);
    case Shell::kZsh:
      return zsh_script(vocabulary);
    case Shell::kFish:
      return fish_script(vocabulary);
  }
  return {};
}

}  // namespace manyshot
