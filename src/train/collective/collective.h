// Several processes that train one model: each takes its share of the samples, and gradients are summed over all.
#pragma once

#include <memory>
#include <span>
#include <string>

namespace manyshot::train {

class Collective {
 public:
  virtual ~Collective() = default;
  virtual int rank() const = 0;
  virtual int world_size() const = 0;
  // Each process gets the sums over all, the same bits everywhere. Throws Error(kUnavailable) when another process is
  // gone or does not answer.
  virtual void all_reduce_sum(std::span<float> values) = 0;
  virtual void all_reduce_sum(std::span<double> values) = 0;

  bool is_first() const { return rank() == 0; }
};

// Where this process stands, from the environment: torchrun's RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or Slurm's
// SLURM_PROCID, SLURM_NTASKS and SLURM_JOB_NODELIST (with MASTER_ADDR or the first node, and a port made of the job's
// number).
struct ProcessPlace {
  int rank = 0, world_size = 1;
  int local_rank = 0;  // among the processes of this machine: LOCAL_RANK or SLURM_LOCALID
  std::string address;
  int port = 0;
  bool is_store_hosted = false;  // torchrun's agent runs the store; else rank 0 does
};
// Throws Error(kBadInput) naming a variable that is missing or no number.
ProcessPlace process_place();

// One process: sums are what they are.
std::unique_ptr<Collective> make_single_process();
// Gloo over TCP, in libmanyshot_c10d.so, which is opened now. Throws Error(kUnsupported) without that library,
// kUnavailable when the others do not come within the time limit.
std::unique_ptr<Collective> open_collective(const ProcessPlace& place);

}  // namespace manyshot::train
