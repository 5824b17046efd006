// The one exception type of the project. Libraries throw it and never print or exit; each border (command line,
// bindings, server) catches it once and turns the kind into an exit code, a built-in exception or a status.
#pragma once

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/names.h"

namespace manyshot {

// The names reach what programs read (--json).
enum class ErrorKind {
  kBadInput,     // what the user gave is wrong: a value, a file's content, an unusable path
  kNotFound,     // a named file, folder, column or model does not exist
  kCorruptFile,  // a file claims a format it does not keep
  kUnsupported,  // valid, but this build or version cannot do it
  kOutOfMemory,  // the work does not fit the machine's or the container's limit
  kUnavailable,  // another program or machine that the work needs does not answer as it should
  kInterrupted,  // the user pressed Ctrl-C, or the process was asked to end
  kInternal,     // our own mistake
};
constexpr auto names_of(ErrorKind) {
  return std::to_array<Named<ErrorKind>>({{ErrorKind::kBadInput, "bad_input"},
                                          {ErrorKind::kNotFound, "not_found"},
                                          {ErrorKind::kCorruptFile, "corrupt_file"},
                                          {ErrorKind::kUnsupported, "unsupported"},
                                          {ErrorKind::kOutOfMemory, "out_of_memory"},
                                          {ErrorKind::kUnavailable, "unavailable"},
                                          {ErrorKind::kInterrupted, "interrupted"},
                                          {ErrorKind::kInternal, "internal"}});
}

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// Throws Error(kind) with a message formatted as fmt::format does. A message for bad user input names the file, line or
// row, column, the value found, what was expected, and the next step.
template <class... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// Exit code of the command line: 2 when the user's input is wrong (kBadInput, kNotFound, kCorruptFile, kUnsupported),
// else 1.
inline int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadInput:
    case ErrorKind::kNotFound:
    case ErrorKind::kCorruptFile:
    case ErrorKind::kUnsupported:
      return 2;
    default:
      return 1;
  }
}

}  // namespace manyshot
