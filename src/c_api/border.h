// The border of the library: no exception crosses it, and what comes in by C becomes ours.
#pragma once

#include <manyshot.h>

#include <functional>
#include <string>

#include "core/error.h"
#include "core/options.h"
#include "table/table_file.h"

namespace manyshot {

// Of this thread.
struct LastError {
  std::string message, kind;
};
const LastError& last_error();

// Runs `call` and turns what it throws into a status and the last error.
manyshot_status guarded(const std::function<void()>& call);

// Makes the calls under way throw Error(kInterrupted) as soon as they can.
void interrupt_calls();

// Throws Error(kBadInput) for NULL.
void require(const void* pointer, const char* name);

// Sets what the JSON object `text` names; NULL or "": nothing. Throws Error(kBadInput) for other texts, unknown names
// and wrong values.
void set_options(const OptionList& list, const char* text);

// A stream of columns, released at the end.
class OwnedStream {
 public:
  explicit OwnedStream(ArrowArrayStream* stream) : stream_(stream) {}
  ~OwnedStream() {
    if (stream_ != nullptr && stream_->release != nullptr) stream_->release(stream_);
  }
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;

  // To its end. `name` is what messages call the table.
  TableFile read(const std::string& name) const;

 private:
  ArrowArrayStream* stream_;
};

}  // namespace manyshot
