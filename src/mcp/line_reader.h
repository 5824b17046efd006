// Lines of a pipe, as they come.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace manyshot::mcp {

class LineReader {
 public:
  LineReader(int file_descriptor, size_t max_bytes) : file_descriptor_(file_descriptor), max_bytes_(max_bytes) {}

  struct Line {
    std::string text;          // without its end, "\n" or "\r\n"
    bool is_too_long = false;  // more than max_bytes; then `text` is its beginning
  };
  // The next line, also a last one without an end; nothing at the end of the pipe. Waits; throws Error(kInterrupted)
  // when a signal came meanwhile, and Error(kUnavailable) when the pipe cannot be read.
  std::optional<Line> next();

 private:
  bool fill();  // false at the end

  int file_descriptor_;
  size_t max_bytes_;
  std::string buffer_;
  size_t searched_ = 0;  // bytes of the buffer that hold no line end
};

}  // namespace manyshot::mcp
