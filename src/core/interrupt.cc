#include "core/interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "core/error.h"
#include "core/stop_loops.h"

namespace manyshot {
namespace {

constexpr size_t kMaxUnfinished = 64;

// Handlers may only touch lock-free atomics. Whoever takes a path out of its slot owns it, so no path is freed while a
// handler reads it; slots_mutex keeps the threads apart that register and unregister.
std::atomic<int> received_signal{0};
std::atomic<int> num_stops{0};                               // LoopsStopped that there are
thread_local const std::atomic<bool>* stops_here = nullptr;  // StoppableLoops
std::array<std::atomic<char*>, kMaxUnfinished> unfinished{};
std::mutex slots_mutex;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<char*>::is_always_lock_free);

void unlink_unfinished() {
  for (auto& slot : unfinished) {
    if (const char* path = slot.exchange(nullptr)) unlink(path);
  }
}

void on_signal(int signal) {
  int none = 0;
  if (received_signal.compare_exchange_strong(none, signal)) return;
  const int saved_errno = errno;
  unlink_unfinished();
  ::signal(signal, SIG_DFL);
  raise(signal);  // arrives when this handler returns
  errno = saved_errno;
}

void handle(int signal) {
  struct sigaction previous {};
  sigaction(signal, nullptr, &previous);
  if (previous.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_signal_handlers() {
  handle(SIGINT);
  handle(SIGTERM);
  ::signal(SIGXFSZ, SIG_IGN);
}

void check_interrupted() {
  const int signal = received_signal;
  if (signal != 0) fail(ErrorKind::kInterrupted, "interrupted by {}", signal == SIGINT ? "Ctrl-C" : "SIGTERM");
  if (num_stops > 0) fail(ErrorKind::kInterrupted, "interrupted: the program is ending");
  if (stops_here != nullptr && *stops_here) fail(ErrorKind::kInterrupted, "interrupted: nobody waits for it any more");
}

LoopsStopped::LoopsStopped() { ++num_stops; }
LoopsStopped::~LoopsStopped() { --num_stops; }

StoppableLoops::StoppableLoops(const std::atomic<bool>* stops) : before_(std::exchange(stops_here, stops)) {}
StoppableLoops::~StoppableLoops() { stops_here = before_; }
const std::atomic<bool>* StoppableLoops::of_this_thread() { return stops_here; }

void end_by_signal() {
  const int signal = received_signal != 0 ? received_signal.load() : SIGINT;
  unlink_unfinished();
  ::signal(signal, SIG_DFL);
  raise(signal);
  _exit(128 + signal);  // the signal is blocked
}

bool was_signalled() { return received_signal != 0; }

void register_unfinished(const std::string& path) {
  const std::lock_guard lock(slots_mutex);
  for (auto& slot : unfinished) {
    if (slot == nullptr) {
      slot = strdup(path.c_str());
      return;
    }
  }
}

void unregister_unfinished(const std::string& path) {
  const std::lock_guard lock(slots_mutex);
  for (auto& slot : unfinished) {
    char* registered = slot;
    if (registered && path == registered && slot.compare_exchange_strong(registered, nullptr)) {
      std::free(registered);
      return;
    }
  }
}

}  // namespace manyshot
