#include "core/progress.h"

#include <fmt/format.h>

#include <cmath>

#include "core/log.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr int64_t kFirstShowMs = 1000;
constexpr int64_t kTerminalIntervalMs = 100;
constexpr int64_t kPlainIntervalMs = 10000;

int64_t elapsed_ms(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

std::string format_count(uint64_t count) { return with_thousands(static_cast<long long>(count)); }

std::string format_rate(double per_second) {
  return per_second >= 10 ? format_count(static_cast<uint64_t>(std::llround(per_second)))
                          : fmt::format("{:.2g}", per_second);
}

std::string format_duration(double duration_s) {
  const auto s = std::llround(duration_s);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

// The one whose line the terminal shows, if any; null: none. Those that begin before it ends stand behind it, on the
// same line.
std::mutex outermost_mutex;
const Progress* outermost = nullptr;

}  // namespace

Progress::Progress(std::string label, uint64_t total, std::string unit)
    : label_(std::move(label)),
      total_(total),
      unit_(std::move(unit)),
      start_(std::chrono::steady_clock::now()),
      next_show_ms_(log::is_terminal() ? kFirstShowMs : kPlainIntervalMs) {
  const std::lock_guard lock(outermost_mutex);
  if (outermost == nullptr) outermost = this;
}

Progress::~Progress() {
  const std::lock_guard lock(mutex_);
  if (shown_) show(/*last=*/true);
  const std::lock_guard outermost_lock(outermost_mutex);
  if (outermost == this) outermost = nullptr;
}

void Progress::add(uint64_t amount) {
  done_ += amount;
  if (log::level() > log::Level::kInfo || elapsed_ms(start_) < next_show_ms_) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock && elapsed_ms(start_) >= next_show_ms_) show(/*last=*/false);
}

void Progress::show(bool last) {
  shown_ = true;
  if (!last && total_ > 0 && done_ >= total_) return;  // the destructor says it
  const int64_t now_ms = elapsed_ms(start_);
  const bool on_terminal = log::is_terminal();
  const std::string line = line_now();
  if (on_terminal) {
    const std::lock_guard lock(outermost_mutex);
    const bool is_inner = outermost != nullptr && outermost != this;
    const std::string outer_line = is_inner ? outermost->line_now() : "";
    log::set_status_line(last ? outer_line : is_inner ? outer_line + "; " + line : line);
    last = last && !is_inner;
  }
  if (last || !on_terminal) log::write(log::Level::kInfo, line);
  next_show_ms_ = now_ms + (on_terminal ? kTerminalIntervalMs : kPlainIntervalMs);
}

std::string Progress::line_now() const {
  return format_line(label_, done_, total_, unit_, static_cast<double>(elapsed_ms(start_)) / 1000);
}

std::string Progress::format_line(const std::string& label, uint64_t done, uint64_t total, const std::string& unit,
                                  double elapsed_s) {
  std::string line = fmt::format("{}: {}", label, format_count(done));
  if (total > 0) {
    const double fraction = static_cast<double>(done) / static_cast<double>(total);
    line += fmt::format("/{} {} ({} %)", format_count(total), unit, std::floor(100 * fraction));
  } else {
    line += " " + unit;
  }
  if (done == 0 || elapsed_s <= 0) return line;
  const double per_second = static_cast<double>(done) / elapsed_s;
  line += fmt::format(", {} {}/s", format_rate(per_second), unit);
  if (done < total)
    return line + fmt::format(", {} left", format_duration(static_cast<double>(total - done) / per_second));
  return total > 0 ? line + fmt::format(", took {}", format_duration(elapsed_s)) : line;
}

}  // namespace manyshot
