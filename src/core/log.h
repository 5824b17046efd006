// Messages of the program on standard error. Libraries may leave notes and warnings here; results never go through it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace manyshot::log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

void set_level(Level level);
Level level();

// Writes one line to standard error, "warning: " and "error: " before the text where it applies, in colour on a
// terminal unless NO_COLOR is set; a progress line on screen is wiped first and drawn again after. Safe from any
// thread.
void write(Level level, std::string_view message);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (level() <= Level::kDebug) write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (level() <= Level::kInfo) write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (level() <= Level::kWarning) write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}

// For Progress: the line at the bottom of a terminal, replaced by the next one; an empty one removes it. Cut to the
// terminal's width. Does nothing when standard error is no terminal.
void set_status_line(std::string_view line);
bool is_terminal();

}  // namespace manyshot::log
