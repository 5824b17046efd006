// Several requests under way at a time. They wait for a server, not for the processor, so they have threads of their
// own beside those of core/parallel.h.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

namespace manyshot {

// Calls task(i, stop) once for every i in [0, count), in increasing order, at most `concurrency` at a time. After an
// exception no further task begins, `stop` is requested, and the first exception reaches the caller when all have
// ended.
void run_concurrently(size_t count, size_t concurrency,
                      const std::function<void(size_t i, std::stop_token stop)>& task);

}  // namespace manyshot
