// How commands and options are worded in help texts and in the manual page.
#pragma once

#include <string>

#include "cli/command.h"

namespace manyshot {

// "--shots N"
std::string with_value(const Option& option);
// What an option does, what it takes, and what holds without it.
std::string meaning(const Option& option);
// "manyshot tokenize --model TEXT [OPTIONS] [FILE]"; `list` has the command's options.
std::string usage_of(const Command& command, const OptionList& list);

}  // namespace manyshot
