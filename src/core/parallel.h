// Data-parallel loops on a fixed set of threads. Results must not depend on the number of threads: workers own disjoint
// outputs, and sums over blocks are added by the caller in block order.
#pragma once

#include <cstddef>
#include <functional>

namespace manyshot {

// Sets the number of threads for the process (0: all cores the process may use, by affinity and cgroup quota).
void set_num_threads(int num_threads);
int num_threads();

// Calls task(i) once for every i in [0, count), on up to num_threads() threads, the caller's among them. Tasks are handed out
// one by one in increasing order, so uneven tasks balance. The first exception (lowest i among those that ran) reaches the
// caller after all workers have stopped. A call from inside a task runs serially. `worker` is in [0, num_threads()): use it to
// index scratch memory, never to choose results.
void parallel_for(size_t count, const std::function<void(size_t i, int worker)>& task);

}  // namespace manyshot
