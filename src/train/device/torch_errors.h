// What libtorch throws, as errors of ours.
#pragma once

#include <c10/util/Exception.h>

#include <string>

#include "core/error.h"

namespace manyshot::train {

// The first line of libtorch's message, without the stack behind it.
inline std::string first_line(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return text.substr(0, text.find('\n'));
}

// Calls work(). Throws Error(kOutOfMemory) when the device's memory does not suffice, kUnavailable when the device
// fails: what it had is lost.
template <class Work>
auto guarded(const Work& work) {
  try {
    return work();
  } catch (const c10::OutOfMemoryError& error) {
    fail(ErrorKind::kOutOfMemory,
         "the device's memory does not suffice: {}; take a smaller batch with more accumulation, fewer rows or columns "
         "a "
         "task, or a smaller network",
         first_line(error));
  } catch (const c10::Error& error) {
    fail(ErrorKind::kUnavailable, "the device failed: {}; go on from the last checkpoint with --resume",
         first_line(error));
  }
}

}  // namespace manyshot::train
