#include "mcp/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"

namespace manyshot::mcp {
namespace {

constexpr int kWaitMs = 100;  // between looks at signals

}  // namespace

bool LineReader::fill() {
  pollfd waiting{.fd = file_descriptor_, .events = POLLIN};
  while (poll(&waiting, 1, kWaitMs) <= 0) {
    if (was_signalled()) check_interrupted();
  }
  std::array<char, 1 << 16> bytes;
  ssize_t count = 0;
  do {
    count = read(file_descriptor_, bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail(ErrorKind::kUnavailable, "standard input cannot be read: {}", std::strerror(errno));
  buffer_.append(bytes.data(), static_cast<size_t>(count));
  return count > 0;
}

std::optional<LineReader::Line> LineReader::next() {
  Line line;
  while (true) {
    const size_t end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      if (!line.is_too_long) line.text = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      searched_ = 0;
      if (line.text.size() > max_bytes_) line.is_too_long = true;
      if (line.text.ends_with('\r')) line.text.pop_back();
      return line;
    }
    searched_ = buffer_.size();
    if (buffer_.size() > max_bytes_) {  // the rest is passed over
      if (!line.is_too_long) line = {.text = std::exchange(buffer_, ""), .is_too_long = true};
      buffer_.clear();
      searched_ = 0;
    }
    if (!fill()) break;
  }
  if (buffer_.empty() && !line.is_too_long) return std::nullopt;
  if (!line.is_too_long) line.text = std::exchange(buffer_, "");
  buffer_.clear();
  searched_ = 0;
  return line;
}

}  // namespace manyshot::mcp
