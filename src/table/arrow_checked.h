// Calls of Arrow on bytes from outside.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {

// The value of the arrow::Result that `call` returns; its failure, or an exception, as Error(kCorruptFile): "<name>:
// not a readable <kind> (<Arrow's reason>); <next_step>".
template <class Call>
auto checked_arrow(const std::string& name, const char* kind, const char* next_step, Call&& call) {
  std::string reason;
  try {
    auto result = call();
    if (result.ok()) return std::move(result).ValueUnsafe();
    reason = result.status().message();
  } catch (const std::exception& error) {
    reason = error.what();
  }
  fail(ErrorKind::kCorruptFile, "{}: not a readable {} ({}); {}", name, kind, excerpt(reason, 200), next_step);
}

}  // namespace manyshot
