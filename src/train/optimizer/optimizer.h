// Optimisers: masters change by their gradients. State is f32 and can be written and read for an exact resume.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "train/optimizer_options.h"
#include "train/trainable.h"

namespace manyshot::train {

// The same bits at any number of threads.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One step with learning rates times `factor` (schedule.h), which is in [0, 1].
  virtual void step(double factor) = 0;
  // All arrays; to resume, fill them and call set_counters().
  virtual std::vector<StateTensor> state() = 0;
  virtual Json counters() const = 0;
  virtual void set_counters(const Json& counters) = 0;
  // Schedule-free: the weights to evaluate and to keep are an average. Exchanges it and the masters; a second call
  // brings the same bits back. No step may come between the two.
  virtual bool has_average() const { return false; }
  virtual void swap_average() {}
};

// The parameters' spans must outlive the optimiser.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::span<Parameter> parameters);

// Muon's options for what is no matrix, which AdamW updates.
OptimizerOptions vector_options(OptimizerOptions options);

// Norm of all gradients together.
double gradient_norm(std::span<const Parameter> parameters);
// Scales the gradients down to norm max_norm if theirs is larger; returns theirs. max_norm 0: no limit.
double clip_gradients(std::span<Parameter> parameters, double max_norm);

}  // namespace manyshot::train
