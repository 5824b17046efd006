#include "core/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace manyshot {

std::optional<size_t> terminal_columns(int file) {
  constexpr size_t kUsual = 80;
  if (isatty(file) != 1) return std::nullopt;
  winsize size{};
  return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : kUsual;
}

}  // namespace manyshot
