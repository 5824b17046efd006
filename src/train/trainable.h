// TrainableModel: what a training loop needs of a network, the same for `compact` decoders and language models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "train/optimizer_options.h"
#include "train/train_sample.h"
#include "train/weight_updates.h"

namespace manyshot::train {

enum class ParameterKind {
  kMatrix,     // [outputs, inputs] inside a block; Muon may orthogonalise its update
  kEmbedding,  // rows that are looked up
  kVector,     // gains of norms, biases
};

struct Parameter {
  std::string name;           // stock Hugging Face name, PEFT's for LoRA factors, ours where neither has one
  std::vector<size_t> shape;  // row-major
  ParameterKind kind = ParameterKind::kMatrix;
  // f32 masters and summed gradients; owned by the model. Of a network on a device a copy in the host's memory.
  std::span<float> value, gradient;
};

// Of one or several batches. `loss` is the sum over supervised positions, in nats.
struct LossSum {
  double loss = 0;
  double weight = 0;     // supervised positions
  uint64_t tokens = 0;   // tokens read
  uint64_t correct = 0;  // supervised positions whose token was the likeliest
  double flops = 0;      // floating-point operations the network calls for (model FLOPs: nothing computed twice)

  double mean() const { return weight > 0 ? loss / weight : 0; }
  LossSum& operator+=(const LossSum& other) {
    loss += other.loss;
    weight += other.weight;
    tokens += other.tokens;
    correct += other.correct;
    flops += other.flops;
    return *this;
  }
};

// The largest batch a run will see.
struct BatchShape {
  size_t num_samples = 0;
  size_t sample_tokens = 0;  // text: of the longest sample
  size_t sample_rows = 0;    // `compact`: of the longest sample, labelled rows and queries
  size_t num_features = 0;   // `compact`: of the widest sample
};

// Not for two threads at a time; each call uses the process's threads (core/parallel.h). All results are the same bits
// at any number of threads.
class TrainableModel {
 public:
  virtual ~TrainableModel() = default;
  // In a fixed order. The spans stay valid as long as the model; a device's numbers are fetched now, and the copies go
  // stale with the next update.
  virtual std::span<Parameter> parameters() = 0;
  // To be called when the masters of parameters() were changed: renews the copies that the network computes with.
  virtual void parameters_changed() = 0;
  // Updates where the numbers live; null: in the host's memory (make_updates() in optimizer/host_updates.h).
  virtual std::unique_ptr<WeightUpdates> device_updates(const OptimizerOptions&, double /*ema*/) { return nullptr; }
  // Adds scale * d(sum of losses) / d(parameter) to the gradients. `seed` decides dropout. Throws Error(kBadInput)
  // naming the sample that does not fit the network.
  virtual LossSum accumulate(std::span<const TrainSample> batch, float scale, uint64_t seed) = 0;
  // The same without gradients and without dropout.
  virtual LossSum loss(std::span<const TrainSample> batch) = 0;
  // Bytes of its device's memory that accumulate() needs for such a batch at least; 0: it has none of its own.
  virtual size_t device_bytes(const BatchShape&) const { return 0; }
  // Whether this machine's cores are idle while it computes.
  virtual bool leaves_cores_idle() const { return false; }
  // Floating-point operations a second of the products of its device, measured now; 0: those of this machine's CPU.
  virtual double matrix_rate() { return 0; }
  // Bytes that accumulate() needs at its peak, parameters and gradients included.
  virtual size_t peak_bytes(const BatchShape& shape) const = 0;
};

void zero_gradients(std::span<Parameter> parameters);

}  // namespace manyshot::train
