#include "c_api/border.h"

#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "core/json.h"
#include "core/stop_loops.h"
#include "table/from_columns.h"

namespace manyshot {
namespace {

thread_local LastError error_of_thread;

// The calls under way, and whether they are to end.
std::mutex calls_mutex;
int num_calls = 0;
std::optional<LoopsStopped> stopped;

class Call {
 public:
  Call() {
    const std::lock_guard lock(calls_mutex);
    ++num_calls;
  }
  ~Call() {
    const std::lock_guard lock(calls_mutex);
    if (--num_calls == 0) stopped.reset();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
};

manyshot_status report(ErrorKind kind, std::string message) {
  error_of_thread = {std::move(message), std::string(name_of(kind))};
  return exit_code(kind) == 2 ? MANYSHOT_BAD_INPUT : MANYSHOT_FAILED;
}

}  // namespace

const LastError& last_error() { return error_of_thread; }

manyshot_status guarded(const std::function<void()>& call) {
  const Call under_way;
  try {
    call();
    return MANYSHOT_OK;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted) return report(error.kind(), "interrupted");
    return report(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return report(ErrorKind::kOutOfMemory, "out of memory; use fewer labelled rows or columns");
  } catch (const std::exception& error) {
    return report(ErrorKind::kInternal, fmt::format("internal error: {}; please report it", error.what()));
  } catch (...) {
    return report(ErrorKind::kInternal, "internal error; please report it");
  }
}

void interrupt_calls() {
  const std::lock_guard lock(calls_mutex);
  if (num_calls > 0 && !stopped) stopped.emplace();
}

void require(const void* pointer, const char* name) {
  if (pointer == nullptr) fail(ErrorKind::kBadInput, "{} is NULL", name);
}

void set_options(const OptionList& list, const char* text) {
  if (text == nullptr || *text == '\0') return;
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    fail(ErrorKind::kBadInput, "the options are no JSON object such as {{\"model\": \"default\"}}");
  for (const auto& [name, value] : json.items()) find_option(list, name).set_json(value);
}

TableFile OwnedStream::read(const std::string& name) const {
  if (stream_ == nullptr || stream_->release == nullptr)
    fail(ErrorKind::kBadInput, "{}: the stream of columns is NULL or was released", name);
  return TableFile::from_text(std::make_shared<const TextTable>(read_columns(*stream_, name)), name);
}

}  // namespace manyshot
