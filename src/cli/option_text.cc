#include "cli/option_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace manyshot {

std::string with_value(const Option& option) {
  if (option.is_flag) return option.flag;
  if (option.is_list) return option.flag + " A,B";
  if (option.type == "integer") return option.flag + " N";
  return option.flag + (option.type == "number" ? " X" : " TEXT");
}

std::string meaning(const Option& option) {
  std::string text = option.limits.is_required ? "(required) " + option.help : option.help;
  if (!option.limits_text.empty()) text += fmt::format(" [{}]", option.limits_text);
  if (option.limits.is_required) return text;
  if (option.is_flag && option.default_text == "true") {
    text += fmt::format(" (default: on; {}=false turns it off)", option.flag);
  } else if (!option.default_text.empty() && !option.is_flag) {
    text += fmt::format(" (default: {})", option.default_text);
  }
  return text;
}

std::string usage_of(const Command& command, const OptionList& list) {
  std::string text = "manyshot " + command.name();
  for (const Option& option : list) {
    if (option.limits.is_required) text += ' ' + with_value(option);
  }
  std::string argument = command.positional();
  std::ranges::transform(argument, argument.begin(), [](unsigned char c) { return std::toupper(c); });
  return text + (argument.empty() ? " [OPTIONS]" : fmt::format(" [OPTIONS] [{}]", argument));
}

}  // namespace manyshot
