// Ends long loops of this process without a signal: a server that is asked to end cannot wait for a fit.
#pragma once

namespace manyshot {

// While one exists, check_interrupted() (core/interrupt.h) throws in every thread.
class LoopsStopped {
 public:
  LoopsStopped();
  ~LoopsStopped();
  LoopsStopped(const LoopsStopped&) = delete;
  LoopsStopped& operator=(const LoopsStopped&) = delete;
};

}  // namespace manyshot
