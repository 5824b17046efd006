// A Llama or Qwen2 language model in training: LoRA beside its weights, or all of them.
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/dtype.h"
#include "model/files/adapter_card.h"
#include "model/files/model_id.h"
#include "model/files/trained_prompt.h"
#include "model/language/export_model.h"
#include "model/language/text_model.h"
#include "prior/task/sizes.h"
#include "train/device/library.h"
#include "train/growth.h"
#include "train/language/fresh_source.h"
#include "train/language/language_flops.h"
#include "train/language/language_trainer.h"
#include "train/models/open_model.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

// Where tokenizer, and for a base that exists the weights, stand.
std::string path_of(const Recipe& recipe) {
  if (!recipe.model.is_fresh()) return language_model_path(recipe.model.base).value();
  if (!fs::is_directory(recipe.model.config)) {
    fail(ErrorKind::kBadInput,
         "model.config = \"{}\": a fresh language model needs a folder with config.json and tokenizer.json",
         recipe.model.config);
  }
  return recipe.model.config;
}

uint64_t weights_seed(const Recipe& recipe) { return Rng(recipe.seed).child("weights").bits(0); }

// Sizes without the weights, which may not be there, or too large.
LanguageModelConfig read_config(const std::string& path) {
  const fs::path file = fs::is_directory(path) ? fs::path(path) / "config.json" : fs::path();
  if (fs::exists(file)) return parse_language_model_config(read_file(file.string()), file.string());
  return open_tensor_source(path)->config();  // a GGUF file's header
}

std::unique_ptr<TensorSource> open_source(const Recipe& recipe) {
  const std::string path = path_of(recipe);
  if (!recipe.model.is_fresh()) return open_tensor_source(path);
  return make_fresh_source(read_config(path), recipe.model.initialisation, weights_seed(recipe), path);
}

// As an adapter of this run names its base.
std::string base_name(const Recipe& recipe) {
  if (!recipe.lora.base_name.empty() || recipe.model.is_fresh()) return recipe.lora.base_name;
  const std::string path = path_of(recipe), id = model_id(path);
  return id.empty() ? fs::absolute(path).lexically_normal().string() : id;
}

// "300 steps", "2 epochs".
std::string length_text(const StageRecipe& stage) {
  if (stage.epochs > 0) return fmt::format("{} epoch{}", stage.epochs, stage.epochs == 1 ? "" : "s");
  return with_thousands(stage.num_steps(1)) + " steps";
}

// Lines stand in no chat.
ChatWrapping chat_of(const CorpusOptions& corpus) {
  return corpus.format == PromptStyle::kLines ? ChatWrapping::kRaw : corpus.chat;
}

// For the adapter's card: a line a stage.
std::string training_text(const Recipe& recipe) {
  std::string text;
  for (const StageRecipe& stage : recipe.stages) {
    std::string source = stage.data == StageData::kLive
                             ? fmt::format("tasks drawn from a prior ({}), prompts {} and {}", stage.corpus.prior.prior,
                                           name_of(stage.corpus.format), name_of(chat_of(stage.corpus)))
                             : fmt::format("{} of {}", name_of(stage.data), fs::path(stage.path).filename().string());
    if (stage.replay > 0) {
      source += fmt::format(", {:.3g} % of the samples ordinary text ({})", 100 * stage.replay,
                            fs::path(stage.replay_path).filename().string());
    }
    text += fmt::format("- stage {}: {}; {}, {} samples a batch, loss on {}\n", stage.name, source, length_text(stage),
                        stage.batch * stage.accumulation, name_of(stage.loss));
  }
  return text;
}

LanguageTrainerOptions trainer_options(const Recipe& recipe) {
  return {.dtype = choose_dtype(recipe.model.dtype),
          .trains_all = !recipe.model.trains_lora(),
          .lora = recipe.lora.options,
          .base_name = base_name(recipe),
          .adapter = recipe.lora.adapter,
          .seed = weights_seed(recipe)};
}

bool loads_weights_again(const EvaluateRecipe& evaluate) {
  return !(evaluate.tables.empty() && evaluate.knowledge.empty() && evaluate.perplexity.empty());
}

// That of the last stage that draws tasks, or of what the run begins with: the other stages read text, or tokens, that
// somebody else has made. Columns are the most that any of them had in that format.
std::optional<TrainedPrompt> trained_prompt(const Recipe& recipe, const std::string& base) {
  std::optional<TrainedPrompt> prompt = read_trained_prompt(recipe.lora.adapter.empty() ? base : recipe.lora.adapter);
  for (const StageRecipe& stage : recipe.stages) {
    if (!draws_tasks(stage.data)) continue;
    TrainedPrompt next{.format = stage.corpus.format, .chat = chat_of(stage.corpus)};
    if (prompt && prompt->format == next.format) {
      next.columns = prompt->columns;
      next.tokens = prompt->tokens;
    }
    if (next.format == PromptStyle::kLines) next.digits = stage.corpus.digits;
    for (const GrowthPhase& phase : growth_phases(stage)) {
      const auto columns = static_cast<int>(prior::most_features(parse_corpus_options(phase.corpus).tasks));
      next.columns = std::max(next.columns.value_or(0), columns);
    }
    prompt = next;
  }
  return prompt;
}

class LanguageRunModel : public RunModel {
 public:
  LanguageRunModel(const Recipe& recipe, const Device& device)
      : recipe_(recipe),
        device_(device),
        path_(path_of(recipe)),
        tokenizer_(read_model_tokenizer(path_)),
        config_(read_config(path_)),
        memory_(plan_language_memory(config_, path_, trainer_options(recipe))) {
    check_tokenizer(tokenizer_, config_, path_);
  }

  TrainableModel& network() override { return trainer(); }
  const Tokenizer* tokenizer() const override { return &tokenizer_; }
  uint64_t vocab_size() const override { return static_cast<uint64_t>(config_.vocab_size); }
  uint64_t num_trained() override { return memory_.num_trained(); }
  uint64_t peak_bytes(const BatchShape& shape) override { return peak_bytes(memory_, shape); }
  uint64_t device_bytes(const BatchShape& shape) override { return device_.is_cpu() ? 0 : gpu_bytes(shape); }
  double training_flops(const TrainSample& sample) const override {
    const uint64_t num_factors = recipe_.model.trains_lora() ? memory_.num_trained() : 0;
    return language_flops(config_, num_factors, PackedBatch({&sample, 1}, config_), /*differentiates=*/true);
  }
  uint64_t gpu_bytes(const BatchShape& shape) const override { return memory_.device_bytes(shape); }
  double matrix_rate() override { return device_.is_cpu() ? 0 : trainer().matrix_rate(); }

  std::vector<Alternative> alternatives(const BatchShape& shape) override {
    std::vector<Alternative> others;
    const auto add = [&](const std::string& change, const LanguageTrainerOptions& options) {
      const LanguageMemory memory = plan_language_memory(config_, path_, options);
      others.push_back({change, memory.num_trained(), peak_bytes(memory, shape)});
    };
    LanguageTrainerOptions options = trainer_options(recipe_);
    if (options.dtype == DType::kFloat32 && choose_dtype() == DType::kBFloat16) {
      options.dtype = DType::kBFloat16;
      add("model.dtype = \"bfloat16\"", options);
    }
    if (options.trains_all && !recipe_.model.is_fresh()) {
      options.trains_all = false;
      add("model.parameters = \"lora\"", options);
    }
    if (loads_weights_again(recipe_.evaluate)) {
      others.push_back({"without evaluate.tables, knowledge and perplexity, which load the weights a second time",
                        memory_.num_trained(), memory_.peak_bytes(shape)});
    }
    return others;
  }

  void write_weights(const std::string& folder) override {
    if (!recipe_.model.trains_lora()) {
      write_hugging_face_folder(trainer().weights(), path_, GgmlType::kBF16, folder);
    } else {
      trainer().save_adapter(folder);
    }
    if (const auto prompt = trained_prompt(recipe_, path_)) write_trained_prompt(*prompt, folder);
    if (recipe_.model.trains_lora()) write_adapter_card(folder, training_text(recipe_));
  }

  std::string description() const override {
    return fmt::format("{}, {} layers of width {}, {} ({} parameters trained)", architecture_name(config_.architecture),
                       config_.num_hidden_layers, config_.hidden_size,
                       !recipe_.model.trains_lora() ? "all weights" : "LoRA on " + base_name(recipe_),
                       with_thousands(static_cast<int64_t>(memory_.num_trained())));
  }

  std::vector<std::string> files() const override {
    std::vector<std::string> files = {path_};
    if (!recipe_.lora.adapter.empty()) files.push_back(recipe_.lora.adapter);
    return files;
  }

 private:
  LanguageTrainer& trainer() {
    if (trainer_) return *trainer_;
    const auto source = open_source(recipe_);
    LanguageTrainerOptions options = trainer_options(recipe_);
    if (device_.is_cuda() && !recipe_.model.dtype) options.dtype = DType::kBFloat16;
    trainer_ = device_.is_cpu() ? LanguageTrainer::create(*source, options)
                                : make_device_language_trainer(*source, options, device_);
    return *trainer_;
  }

  uint64_t peak_bytes(const LanguageMemory& memory, const BatchShape& shape) const {
    // Beside a device the host has a copy of the trained numbers and their gradients.
    const uint64_t of_training = device_.is_cpu() ? memory.peak_bytes(shape) : 2 * sizeof(float) * memory.num_trained();
    return of_training + (loads_weights_again(recipe_.evaluate) ? memory.loaded_bytes() : 0);
  }

  Recipe recipe_;
  Device device_;
  std::string path_;
  Tokenizer tokenizer_;
  LanguageModelConfig config_;
  LanguageMemory memory_;
  std::unique_ptr<LanguageTrainer> trainer_;
};

}  // namespace

std::unique_ptr<RunModel> make_language_run_model(const Recipe& recipe, const Device& device) {
  return std::make_unique<LanguageRunModel>(recipe, device);
}

}  // namespace manyshot::train
