// SampleStream: the training samples of one stage, addressed by position. A sample is a function of (recipe, seed,
// position) alone, so any process, thread or restart sees the same ones.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corpus/excluded_rows.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/compact/config.h"
#include "train/data/data_split.h"
#include "train/recipe.h"
#include "train/train_sample.h"
#include "train/trainable.h"

namespace manyshot::train {

// Memory of one thread that draws use again.
struct StreamScratch {
  SamplerScratch sampler;
};

class SampleStream {
 public:
  virtual ~SampleStream() = default;
  // Safe from several threads with a scratch each. Throws Error(kBadInput) when the data cannot give this sample.
  virtual TrainSample sample(uint64_t position, StreamScratch& scratch) const = 0;
  // The most tokens, rows and columns that a sample may have; num_samples is 1.
  virtual BatchShape largest_sample() const = 0;
  // Of one pass over the data; nothing where tasks are drawn without end.
  virtual std::optional<uint64_t> num_samples() const = 0;
  // "3,000 samples in 12 files"; for the user.
  virtual std::string description() const = 0;
};

// What samples must fit.
struct StreamContext {
  const Tokenizer* tokenizer = nullptr;          // of a language model
  const ModelConfig* compact = nullptr;          // of a compact model; one of the two is set
  uint64_t vocab_size = 0;                       // of the model
  uint64_t seed = 0;                             // of this stage's stream
  uint64_t num_positions = 0;                    // samples that the stage will take; live and tables grow by it
  DataSplit split;                               // of the data; live has none
  std::shared_ptr<const ExcludedRows> excluded;  // rows that no live task may have; may be null
  std::vector<std::string> evaluation_tables;    // files and folders whose rows no task from tables may have
};

// Throws Error(kNotFound, kBadInput, kCorruptFile) naming the file when the stage's data does not exist, is damaged, or
// was made for another model or tokenizer.
std::unique_ptr<SampleStream> open_stream(const StageRecipe& stage, const StreamContext& context);

}  // namespace manyshot::train
