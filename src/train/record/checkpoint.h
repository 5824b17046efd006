// checkpoint-N/ folders: weights that others load, and the exact state that training goes on from
// (docs/formats/checkpoints.md).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "train/weight_updates.h"

namespace manyshot::train {

// Writes state.safetensors, one F32 vector for each tensor.
void write_state(std::span<const StateTensor> tensors, const std::string& folder);
// Fills the same tensors. Throws Error(kCorruptFile) naming one that is missing or of another size.
void read_state(std::span<const StateTensor> tensors, const std::string& folder);

// What trainer_state.json says besides numbers for other tools.
struct TrainerState {
  int64_t step = 0;    // optimiser steps done, over all stages
  double seconds = 0;  // trained so far, over all runs
  double flops = 0;
  uint64_t tokens = 0, samples = 0;
  std::optional<double> best_metric;
  int64_t best_step = 0;
  int world_size = 1;
  Json optimizer = Json::object();   // its counters
  Json recipe;                       // to_json(Recipe)
  std::string version;               // of the program
  Json log_history = Json::array();  // evaluations so far
};
Json to_json(const TrainerState& state);
// Throws Error(kCorruptFile, kNotFound) naming the file.
TrainerState read_trainer_state(const std::string& folder);

// The checkpoints of one run folder.
class CheckpointFolders {
 public:
  explicit CheckpointFolders(std::string run_folder) : run_folder_(std::move(run_folder)) {}

  // Removes what a killed process left half-written.
  void remove_unfinished() const;

  // checkpoint-`step` appears when `fill(folder)` has written its files, all at once; an older one of that step is
  // replaced. When fill() throws (disk full), nothing is left of it.
  void write(int64_t step, const std::function<void(const std::string& folder)>& fill) const;
  // Keeps the newest `count` and that of step `best`, removes the others.
  void prune(int count, int64_t best) const;

  std::vector<int64_t> steps() const;  // increasing
  std::string path(int64_t step) const;

 private:
  std::string run_folder_;
};

// `path` is a checkpoint, or a run folder, whose newest one it is. Throws Error(kNotFound) when there is none.
std::string find_checkpoint(const std::string& path);

}  // namespace manyshot::train
