// The terminal that a stream of this program ends at.
#pragma once

#include <cstddef>
#include <optional>

namespace manyshot {

// Columns of the terminal behind an open file, such as STDOUT_FILENO; nothing where it is no terminal. 80 where the
// terminal does not say.
std::optional<size_t> terminal_columns(int file);

}  // namespace manyshot
