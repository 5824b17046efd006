// What a run needs of a model besides its gradients.
#pragma once

#include <memory>
#include <string>

#include "encoding/tokenizer/tokenizer.h"
#include "model/compact/config.h"
#include "train/recipe.h"
#include "train/trainable.h"

namespace manyshot::train {

class RunModel {
 public:
  virtual ~RunModel() = default;
  // Reads the weights when it is called first. What is below, up to write_weights(), needs none.
  virtual TrainableModel& network() = 0;
  // One of the two is there.
  virtual const Tokenizer* tokenizer() const { return nullptr; }
  virtual const ModelConfig* compact_config() const { return nullptr; }
  virtual uint64_t vocab_size() const = 0;
  // Floating-point operations a second of matrix products where the network computes, measured now; 0: this machine's
  // CPU (plan/machine_rate.h).
  virtual double matrix_rate() { return network().matrix_rate(); }
  // Trained numbers, and what computing with such batches takes at its peak (TrainableModel::peak_bytes), with the
  // second copy of the weights that evaluations load.
  virtual uint64_t num_trained();
  virtual uint64_t peak_bytes(const BatchShape& shape) { return network().peak_bytes(shape); }
  // The same of a device's memory (TrainableModel::device_bytes).
  virtual uint64_t device_bytes(const BatchShape& shape) { return network().device_bytes(shape); }
  // Of language models, without their weights: floating-point operations of a sample's gradient, and the memory that a
  // GPU needs for such batches without the optimiser's. 0: unknown.
  virtual double training_flops(const TrainSample&) const { return 0; }
  virtual uint64_t gpu_bytes(const BatchShape&) const { return 0; }
  // Other ways to train that need less memory, best last.
  struct Alternative {
    std::string change;  // "parameters = "lora""
    uint64_t num_trained = 0, peak_bytes = 0;
  };
  virtual std::vector<Alternative> alternatives(const BatchShape&) { return {}; }
  // Loss and accuracy at the labels of the queries alone; the samples are those of a stream with loss = "labels".
  virtual LossSum label_loss(std::span<const TrainSample> samples) { return network().loss(samples); }
  // Writes the masters as others load them: a model folder, or a PEFT adapter.
  virtual void write_weights(const std::string& folder) = 0;
  // "Llama, 135 M parameters, LoRA of rank 8 (2.4 M trained)"; for the user.
  virtual std::string description() const = 0;
  // Files that the model came from, whose hashes are kept with the run.
  virtual std::vector<std::string> files() const { return {}; }
};

}  // namespace manyshot::train
