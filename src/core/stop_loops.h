// Ends long loops without a signal: of the process, since a server that is asked to end cannot wait for a fit, or of
// one thread, since nobody waits any more for what it does.
#pragma once

#include <atomic>

namespace manyshot {

// While one exists, check_interrupted() (core/interrupt.h) throws in every thread.
class LoopsStopped {
 public:
  LoopsStopped();
  ~LoopsStopped();
  LoopsStopped(const LoopsStopped&) = delete;
  LoopsStopped& operator=(const LoopsStopped&) = delete;
};

// While one exists, check_interrupted() throws in this thread, and in those that share its parallel loops, as soon as
// `stops` is true; the innermost counts. `stops` may be null, for never, and must outlive it.
class StoppableLoops {
 public:
  explicit StoppableLoops(const std::atomic<bool>* stops);
  ~StoppableLoops();
  StoppableLoops(const StoppableLoops&) = delete;
  StoppableLoops& operator=(const StoppableLoops&) = delete;

  // What the innermost of this thread looks at; null without one.
  static const std::atomic<bool>* of_this_thread();

 private:
  const std::atomic<bool>* before_;
};

}  // namespace manyshot
