// core/log.h for the library: messages and the progress of long calls go to the functions that the program set, and
// nowhere else.
#include <manyshot.h>

#include <atomic>
#include <mutex>
#include <string>

#include "core/log.h"

namespace manyshot::log {
namespace {

// A function of the program with what it wants to be handed.
template <class Function>
struct Listener {
  Function function = nullptr;
  void* user_data = nullptr;
};

std::mutex mutex;
Listener<manyshot_log_function> messages;
Listener<manyshot_status_function> status;
std::atomic<bool> has_status{false};
std::atomic<Level> threshold{Level::kInfo};

void listen(Listener<manyshot_log_function> listener) {
  const std::lock_guard lock(mutex);
  messages = listener;
}

void listen(Listener<manyshot_status_function> listener) {
  const std::lock_guard lock(mutex);
  status = listener;
  has_status = listener.function != nullptr;
}

}  // namespace

void set_level(Level level) { threshold = level; }

Level level() { return threshold; }

void write(Level level, std::string_view message) {
  if (level < threshold || level == Level::kOff) return;
  const std::lock_guard lock(mutex);
  if (messages.function != nullptr)
    messages.function(static_cast<int>(level), std::string(message).c_str(), messages.user_data);
}

void set_status_line(std::string_view line) {
  const std::lock_guard lock(mutex);
  if (status.function != nullptr) status.function(std::string(line).c_str(), status.user_data);
}

// Whether there is a line to draw again.
bool is_terminal() { return has_status; }

}  // namespace manyshot::log

void manyshot_set_log_function(manyshot_log_function function, void* user_data) {
  manyshot::log::listen(manyshot::log::Listener<manyshot_log_function>{function, user_data});
}

void manyshot_set_status_function(manyshot_status_function function, void* user_data) {
  manyshot::log::listen(manyshot::log::Listener<manyshot_status_function>{function, user_data});
}
