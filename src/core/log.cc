#include "core/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "core/log_capture.h"
#include "core/terminal.h"

namespace manyshot::log {
namespace {

constexpr std::string_view kWipeLine = "\r\033[K";

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      break;
  }
  return spdlog::level::off;
}

// The pattern's "%*": what stands before the text, coloured.
class PrefixFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& line) override {
    const std::string_view prefix = message.level == spdlog::level::debug  ? "debug: "
                                    : message.level == spdlog::level::warn ? "warning: "
                                    : message.level == spdlog::level::err  ? "error: "
                                                                           : "";
    line.append(prefix.data(), prefix.data() + prefix.size());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<PrefixFlag>(); }
};

std::unique_ptr<spdlog::logger> make_logger() {
  const char* no_color = std::getenv("NO_COLOR");
  const bool colors_off = no_color && *no_color;
  auto sink = std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(colors_off ? spdlog::color_mode::never
                                                                                   : spdlog::color_mode::automatic);
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<PrefixFlag>('*').set_pattern("%^%*%$%v");
  auto logger = std::make_unique<spdlog::logger>("manyshot", std::move(sink));
  logger->set_formatter(std::move(formatter));
  logger->set_level(spdlog::level::trace);
  return logger;
}

struct State {
  std::mutex mutex;
  std::string status_line;
  std::unique_ptr<spdlog::logger> logger = make_logger();
};

// Never destroyed: other static objects may still have something to say.
State& state() {
  static State& state = *new State;
  return state;
}

std::atomic<Level> threshold{Level::kInfo};
thread_local Capture* capture = nullptr;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void set_level(Level level) { threshold = level; }

Level level() { return threshold; }

void write(Level level, std::string_view message) {
  if (level < threshold || level == Level::kOff) return;
  if (capture != nullptr) return capture->add(message);
  State& shared = state();
  const std::lock_guard lock(shared.mutex);
  if (!shared.status_line.empty()) print(kWipeLine);
  shared.logger->log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
  shared.logger->flush();
  if (!shared.status_line.empty()) print(shared.status_line);
}

void set_status_line(std::string_view line) {
  const auto columns = terminal_columns(STDERR_FILENO);
  if (!columns) return;
  State& shared = state();
  const std::lock_guard lock(shared.mutex);
  shared.status_line = line.substr(0, *columns - 1);
  print(std::string(kWipeLine) + shared.status_line);
}

bool is_terminal() { return terminal_columns(STDERR_FILENO).has_value(); }

Capture::Capture() : outer_(capture) { capture = this; }
Capture::~Capture() { capture = outer_; }

}  // namespace manyshot::log
