#include "train/display/status_line.h"

#include <fmt/format.h>

#include <cmath>

#include "core/log.h"
#include "core/text.h"

namespace manyshot::train {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100}, kPlainInterval{10'000};

}  // namespace

std::string duration_text(double seconds) {
  const long long s = std::llround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

std::string StatusLine::format(const RunStatus& status) {
  const std::string utilisation =
      status.utilisation > 0 ? fmt::format(", MFU {:.0f} %", 100 * status.utilisation) : std::string();
  return fmt::format("{} {}/{} ({:.0f} %), loss {:.4f}, right {:.1f} %, {} tokens/s{}, {} left", status.stage,
                     with_thousands(status.step), with_thousands(status.total_steps),
                     100.0 * static_cast<double>(status.step) / static_cast<double>(status.total_steps), status.loss,
                     100 * status.accuracy, with_thousands(std::llround(status.tokens_per_second)), utilisation,
                     duration_text(status.seconds_left));
}

void StatusLine::show(const RunStatus& status) {
  if (log::level() > log::Level::kInfo) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < (log::is_terminal() ? kTerminalInterval : kPlainInterval)) return;
  last_ = now;
  if (log::is_terminal()) {
    log::set_status_line("train: " + format(status));
  } else {
    log::info("train: {}", format(status));
  }
}

StatusLine::~StatusLine() { log::set_status_line(""); }

}  // namespace manyshot::train
