// A Llama or Qwen2 language model in training: LoRA beside its weights, or all of them.
#include <filesystem>

#include "core/error.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/dtype.h"
#include "model/language/export_model.h"
#include "model/language/text_model.h"
#include "train/language/language_trainer.h"
#include "train/run/fresh_source.h"
#include "train/run/open_model.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

bool trains_all(const Recipe& recipe) {
  return recipe.model.parameters == "full" || (recipe.model.parameters == "auto" && recipe.model.base == "fresh");
}

// Where tokenizer, and for a base that exists the weights, stand.
std::string path_of(const Recipe& recipe) {
  if (recipe.model.base != "fresh") return language_model_path(recipe.model.base);
  if (!fs::is_directory(recipe.model.config)) {
    fail(ErrorKind::kBadInput,
         "model.config = \"{}\": a fresh language model needs a folder with config.json and "
         "tokenizer.json",
         recipe.model.config);
  }
  return recipe.model.config;
}

uint64_t weights_seed(const Recipe& recipe) { return Rng(recipe.seed).child("weights").bits(0); }

std::unique_ptr<TensorSource> open_source(const Recipe& recipe) {
  if (recipe.model.base == "fresh") return make_fresh_source(recipe.model.config, weights_seed(recipe));
  return open_tensor_source(path_of(recipe));
}

class LanguageRunModel : public RunModel {
 public:
  explicit LanguageRunModel(const Recipe& recipe)
      : recipe_(recipe), path_(path_of(recipe)), tokenizer_(read_model_tokenizer(path_)) {
    const auto source = open_source(recipe);
    const auto model_tokens = static_cast<size_t>(source->config().vocab_size);
    if (tokenizer_.vocab_size() > model_tokens) {
      fail(ErrorKind::kCorruptFile, "{}: the tokenizer has {} tokens, the model {}: they do not belong together", path_,
           tokenizer_.vocab_size(), model_tokens);
    }
    const LoraRecipe& lora = recipe.lora;
    trainer_ = LanguageTrainer::create(*source, {.dtype = choose_dtype(recipe.model.dtype),
                                                 .trains_all = trains_all(recipe),
                                                 .lora = {.rank = lora.rank,
                                                          .alpha = lora.alpha,
                                                          .dropout = lora.dropout,
                                                          .use_rslora = lora.rslora,
                                                          .target_modules = lora.targets},
                                                 .adapter = lora.adapter,
                                                 .seed = weights_seed(recipe)});
  }

  TrainableModel& network() override { return *trainer_; }
  const Tokenizer* tokenizer() const override { return &tokenizer_; }
  uint64_t vocab_size() const override { return static_cast<uint64_t>(trainer_->config().vocab_size); }

  void write_weights(const std::string& folder) override {
    if (!trains_all(recipe_)) return trainer_->save_adapter(folder);
    write_hugging_face_folder(trainer_->weights(), path_, GgmlType::kBF16, folder);
  }

  std::string description() const override {
    const LanguageModelConfig& config = trainer_->config();
    int64_t values = 0;
    for (const Parameter& parameter : trainer_->parameters()) values += static_cast<int64_t>(parameter.value.size());
    return fmt::format("{}, {} layers of width {}, {} ({} parameters trained)",
                       config.architecture == LanguageArchitecture::kLlama ? "Llama" : "Qwen2",
                       config.num_hidden_layers, config.hidden_size, trains_all(recipe_) ? "all weights" : "LoRA",
                       with_thousands(values));
  }

  std::vector<std::string> files() const override {
    std::vector<std::string> files = {path_};
    if (!recipe_.lora.adapter.empty()) files.push_back(recipe_.lora.adapter);
    return files;
  }

 private:
  Recipe recipe_;
  std::string path_;
  Tokenizer tokenizer_;
  std::unique_ptr<LanguageTrainer> trainer_;
};

}  // namespace

std::unique_ptr<RunModel> make_language_run_model(const Recipe& recipe) {
  return std::make_unique<LanguageRunModel>(recipe);
}

}  // namespace manyshot
