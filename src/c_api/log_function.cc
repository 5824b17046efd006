// core/log.h for the library: messages go to the function that the program set, and nowhere else.
#include <manyshot.h>

#include <atomic>
#include <mutex>
#include <string>

#include "core/log.h"

namespace manyshot::log {
namespace {

std::mutex mutex;
manyshot_log_function function = nullptr;
void* user_data = nullptr;
std::atomic<Level> threshold{Level::kInfo};

void set_function(manyshot_log_function new_function, void* new_user_data) {
  const std::lock_guard lock(mutex);
  function = new_function;
  user_data = new_user_data;
}

}  // namespace

void set_level(Level level) { threshold = level; }

Level level() { return threshold; }

void write(Level level, std::string_view message) {
  if (level < threshold || level == Level::kOff) return;
  const std::lock_guard lock(mutex);
  if (function != nullptr) function(static_cast<int>(level), std::string(message).c_str(), user_data);
}

void set_status_line(std::string_view) {}

bool is_terminal() { return false; }

}  // namespace manyshot::log

void manyshot_set_log_function(manyshot_log_function function, void* user_data) {
  manyshot::log::set_function(function, user_data);
}
