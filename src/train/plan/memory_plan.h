// What a run needs in memory, said before it starts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/data/sample_stream.h"
#include "train/models/run_model.h"

namespace manyshot::train {

struct StageMemory {
  std::string stage;
  BatchShape batch;
  uint64_t network_bytes = 0;    // weights, gradients and activations at the peak
  uint64_t optimizer_bytes = 0;  // moments, averages, the copy that processes exchange
  double bytes_per_trained = 0;  // of these, for each trained number
  uint64_t device_bytes = 0;     // of a device's memory, the optimiser's part included, at least; 0: there is none
  uint64_t total() const { return network_bytes + optimizer_bytes; }
};
// Reads no weights.
StageMemory stage_memory(RunModel& model, const StageRecipe& stage, const SampleStream& stream, int world_size);

// Whether it is within what this process may use (the cgroup's limit included).
bool fits_memory(const StageMemory& memory);

// Changes that make the stage need less, the best first: "batch = 1 and accumulation = 4: 3.1 GiB"; those that do not
// suffice alone say so.
std::vector<std::string> ways_to_fit(RunModel& model, const StageRecipe& stage, const StageMemory& memory);

// Throws Error(kOutOfMemory) naming the stage, what it needs, what this process may use, and ways to fit.
void require_stage_memory(RunModel& model, const StageRecipe& stage, const StageMemory& memory);

}  // namespace manyshot::train
