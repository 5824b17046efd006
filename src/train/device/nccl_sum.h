// Sums over processes of numbers on GPUs, by NCCL, which comes with a torch installation that has CUDA: gradients do
// not pass through the host's memory. Opened at run time and called by its C interface; no header of NVIDIA's is
// needed.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "train/weight_updates.h"

namespace manyshot::train {

class NcclSum {
 public:
  // Joins the processes, each of which calls this for a device of its own; they meet by `processes`. Null where one of
  // them has no NCCL, as on CPUs: all get null then. MANYSHOT_NCCL is the library, or "off"; else libnccl.so.2, for
  // GPUs alone. Throws Error(kUnavailable) when they cannot be joined.
  static std::unique_ptr<NcclSum> open(const at::Device& device, const SumOverProcesses& processes);
  ~NcclSum();

  // Replaces them by their sums, the same bits in each process. REQUIRES: on the device, f32, contiguous. Throws
  // Error(kUnavailable) when another process has ended or does not answer within the time limit of the processes' other
  // sums.
  void sum(at::Tensor& numbers);

 private:
  struct Library;
  NcclSum(const Library& library, const at::Device& device);
  void wait();

  const Library& library_;
  at::Device device_;
  void* communicator_ = nullptr;
};

}  // namespace manyshot::train
