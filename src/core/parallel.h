// Data-parallel loops on a fixed set of threads. Results must not depend on the number of threads: workers own disjoint
// outputs, and sums over blocks are added by the caller in block order.
#pragma once

#include <cstddef>
#include <functional>

namespace manyshot {

// Sets the number of threads for the process (0: all cores the process may use, by affinity and cgroup quota). May be
// called between loops, from any thread; waits for a loop that runs. REQUIRES: num_threads >= 0; not called from inside
// a task.
void set_num_threads(int num_threads);
int num_threads();

// Calls task(i, worker) once for every i in [0, count), on up to num_threads() threads, the caller's among them. Tasks
// are handed out one by one in increasing order, so uneven tasks balance. After an exception no further tasks are
// handed out; the one of the lowest i that throws reaches the caller once all workers have stopped, whatever the number
// of threads. A call from inside a task of a parallel loop runs serially under that task's `worker`; so does a call
// while another thread's loop runs (worker 0). `worker` is in [0, num_threads()), and outside of such a task in [0,
// count): use it to index scratch memory, never to choose results. Throws Error(kOutOfMemory) when the system refuses
// to start a thread. A child of fork() has none of the threads: the parent calls set_num_threads(1) first, or the child
// makes no loops.
void parallel_for(size_t count, const std::function<void(size_t i, int worker)>& task);

}  // namespace manyshot
