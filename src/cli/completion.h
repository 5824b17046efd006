// Scripts by which shells complete the program's commands, options and the values that options choose from.
#pragma once

#include <array>
#include <string>

#include "core/names.h"

namespace manyshot {

enum class Shell { kBash, kZsh, kFish };
constexpr auto names_of(Shell) {
  return std::to_array<Named<Shell>>({{Shell::kBash, "bash"}, {Shell::kZsh, "zsh"}, {Shell::kFish, "fish"}});
}

// The script for bash 4, zsh 5 or fish 3 and later, made from the declarations of all commands.
std::string completion_script(Shell shell);

}  // namespace manyshot
