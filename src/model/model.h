// Model: scores answers behind a prompt. One interface for `compact` models and for language models with a tokenizer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/json.h"
#include "encoding/compact_vocabulary.h"
#include "encoding/prompt.h"
#include "model/device/device.h"
#include "model/dtype.h"
#include "model/files/trained_prompt.h"

namespace manyshot {

class LanguageModel;
class Tokenizer;

struct ModelInfo {
  std::string path;
  std::string architecture;  // "compact decoder (Llama blocks)", …
  std::string engine;        // "fused bfloat16 (avx512_bf16)", "fused float32 (avx2)", "reference"
  PromptLayout layout = PromptLayout::kRows;
  int64_t num_parameters = 0;
  int num_layers = 0, hidden_size = 0;
  int vocab_size = 0;
  int max_classes = 0;            // labels the model can tell apart; 0: no limit
  int max_features = 0;           // columns it has marks for
  int trained_features = 0;       // columns it was trained with at most
  bool predicts_numbers = false;  // not only classes
  int trained_shots = 0;          // labelled rows it was trained with at most
  int max_shots = 0;              // labelled rows one context should hold at most; may be more than it was trained with
  int context_window = 0;         // kFlat: tokens a text may have
  std::optional<TrainedPrompt> trained_prompt;  // kFlat: where that is known
  CompactVocabulary vocabulary;                 // kRows only
};

Json to_json(const ModelInfo& info);
// Some lines for the user: what `manyshot info` says of a compact model.
std::string describe(const ModelInfo& info);

// A context that has been encoded once; any number of query batches may be scored against it, from several threads.
// It may outlive its model.
class EncodedContext {
 public:
  virtual ~EncodedContext() = default;
  // log_likelihoods [Q, K] row-major: natural log of the probability of answer k after query q, over the model's answer
  // tokens; not normalised over the K classes. A query's values are the same bits whatever else is in the batch and
  // however many threads run.
  virtual void score(const QueryTokens& queries, std::span<float> log_likelihoods) const = 0;
  // Log-likelihoods [N, K] of each answer at each labelled row given the rows before it ("prequential"), for models
  // that yield them in the same pass; empty otherwise.
  virtual std::vector<float> prequential() const { return {}; }
  // What Model::restore() takes in place of encoding again, with prequential() or without; empty where that cannot be.
  virtual std::string state(bool /*with_prequential*/ = true) const { return {}; }
};

class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelInfo& info() const = 0;
  // Throws Error(kBadInput) when the prompt does not fit the model (too many features, unknown token).
  virtual std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const = 0;
  // What encode(prompt) gave when its state() was taken, by a model of the same weights and ModelInfo::engine: the same
  // bits. Throws Error(kCorruptFile) for a state that does not fit model and prompt, and kUnsupported for a model whose
  // contexts have none.
  virtual std::unique_ptr<EncodedContext> restore(const Prompt& prompt, ByteReader& state) const;
  // kFlat models only, else nullptr: what turns text into tokens, and the network itself.
  virtual const Tokenizer* tokenizer() const { return nullptr; }
  virtual const LanguageModel* language_model() const { return nullptr; }
};

struct LoadOptions {
  std::optional<DType> dtype;  // nothing: as choose_dtype()
  Engine engine = Engine::kAuto;
  std::string adapter;  // folder of a PEFT LoRA adapter for a language model (model/language/adapter.h); empty: none
  Device device;
};

// Opens a model folder (config.json with a "manyshot" section, model.safetensors). Throws Error(kNotFound) without such
// files, kCorruptFile for a damaged file or tensors that do not fit config.json, kUnsupported for other architectures,
// and for a device that is not there or cannot compute this model.
std::unique_ptr<Model> load_model(const std::string& path, const LoadOptions& options = {});

}  // namespace manyshot
