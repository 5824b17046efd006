// WeightUpdates: what a step does to a network's numbers beside computing their gradients, wherever the numbers live:
// on the host (train/optimizer/host_updates.h) or on a device. One for each stage of a run.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"

namespace manyshot::train {

// f32 numbers that belong to the state of a run, under a name of their own: masters, moments, averages. In the host's
// memory; not owned.
struct StateTensor {
  std::string name;
  std::span<float> values;
};

// The processes that train together, of which this one is number `rank`.
struct SumOverProcesses {
  int rank = 0, world_size = 1;
  std::function<void(std::span<float>)> sum;  // replaces numbers in the host's memory by their sums over all
};

class WeightUpdates {
 public:
  virtual ~WeightUpdates() = default;

  virtual void zero_gradients() = 0;
  virtual void sum_gradients(const SumOverProcesses& processes) = 0;
  // Multiplies the gradients by `factor`, then scales them down to norm max_norm if theirs is larger (0: no limit).
  // Returns their norm before that; where it is no finite number they are of no use.
  virtual double finish_gradients(double factor, double max_norm) = 0;

  // Optimiser step `number` of the stage with learning rates times `factor` (optimizer/schedule.h).
  virtual void step(double factor, int64_t number) = 0;
  // Exchanges the masters and their average, where the stage has one; a second call brings the same bits back. No step
  // may come between the two.
  virtual void swap_average() = 0;

  // All that a checkpoint needs, under the same names on every device. To resume, fill it, say so, and set the
  // counters.
  virtual std::vector<StateTensor> state() = 0;
  virtual void state_filled() = 0;
  virtual Json counters() const = 0;
  virtual void set_counters(const Json& counters) = 0;
};

}  // namespace manyshot::train
