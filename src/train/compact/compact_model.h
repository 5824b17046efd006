// Training of `compact` decoders (docs/formats/compact.md) from scratch, on kernels of our own.
//
// Products are bf16 with f32 sums (AVX-512 BF16) or f32; masters, residual stream, softmax and gradients are f32. Tasks
// are shared out to a number of gradient sums that depends on the batch alone, and these are added in their order, so
// results are the same bits at any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/compact/config.h"
#include "model/compact/weights.h"
#include "model/dtype.h"
#include "train/compact_sizes.h"
#include "train/trainable.h"

namespace manyshot::train {

struct CompactNetworkOptions {
  ModelConfig config;
  LossMode loss = LossMode::kDense;
  // The softmax is over all label tokens; else over those that the task's labelled rows have.
  bool all_labels = true;
  // The residual stream is multiplied by residual_decay^i before layer i. It is computed, and exported, folded into the
  // matrices that write to the stream, since norms ignore its scale (github.com/borawhocodess/modded-nanotabpfn, record
  // 5: fewer tasks are needed).
  double residual_decay = 1.0;
  std::optional<DType> dtype;  // of the products; nothing: as choose_dtype()
  uint64_t seed = 0;           // of the first weights
};

// A config of the version's usual vocabulary and these sizes.
ModelConfig compact_config(const CompactSizes& sizes);

class CompactModel : public TrainableModel {
 public:
  virtual const ModelConfig& config() const = 0;
  virtual const char* engine() const = 0;  // "bfloat16 (avx512_bf16)", …
  // The weights under their stock names, as src/model reads them: numbers as a table, decay folded in.
  virtual Weights exported() const = 0;
  // Log-probabilities [rows, answers] over all label tokens, or codes of a number, at every bar of a sample.
  virtual std::vector<float> log_probabilities(const TrainSample& sample) = 0;
};

// Throws Error(kBadInput) for sizes that cannot be trained, kUnsupported for a dtype this machine lacks.
// With `weights`, as read from a model folder, it goes on from these in place of random ones; their table of numbers
// becomes the nearest smooth function.
std::unique_ptr<CompactModel> make_compact_model(const CompactNetworkOptions& options,
                                                 const Weights* weights = nullptr);

}  // namespace manyshot::train
