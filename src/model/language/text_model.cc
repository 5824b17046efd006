#include "model/language/text_model.h"

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/dtype.h"
#include "model/files/gguf.h"
#include "model/files/gguf_tokenizer.h"
#include "model/files/other_kinds.h"
#include "model/language/adapter.h"
#include "model/language/device_library.h"
#include "model/language/language_model.h"
#include "model/language/score_answers.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

class TextContext : public EncodedContext {
 public:
  TextContext(std::shared_ptr<const LanguageModel> model, const Prompt& prompt)
      : model_(std::move(model)), forks_(answer_forks(prompt.answers)) {
    cache_ = model_->prefill(prompt.context);
  }

  void score(const QueryTokens& queries, std::span<float> log_likelihoods) const override {
    score_answers(*model_, cache_, forks_, queries, log_likelihoods);
  }

 private:
  std::shared_ptr<const LanguageModel> model_;
  std::vector<AnswerFork> forks_;
  TextCachePtr cache_;
};

class TextModel : public Model {
 public:
  TextModel(const std::string& path, const LoadOptions& options) : tokenizer_(read_model_tokenizer(path)) {
    std::unique_ptr<TensorSource> source = open_tensor_source(path);
    if (!options.adapter.empty()) source = apply_adapter(std::move(source), options.adapter);
    const std::string engine = open(*source, options);
    const LanguageModelConfig& config = model_->config();
    check_tokenizer(tokenizer_, config, path);
    info_ = text_model_info(path, config, options.adapter);
    info_.engine = engine;
  }

  const ModelInfo& info() const override { return info_; }
  const Tokenizer* tokenizer() const override { return &tokenizer_; }
  const LanguageModel* language_model() const override { return model_.get(); }
  std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const override {
    return std::make_unique<TextContext>(model_, prompt);
  }

 private:
  // Returns the engine's name.
  std::string open(const TensorSource& source, const LoadOptions& options) {
    if (!options.device.is_cpu()) {
      model_ = reinterpret_cast<MakeDeviceLanguageModel*>(
          open_device_library(options.device, kMakeDeviceLanguageModelSymbol))(source, options.device, options.dtype);
      return fmt::format("libtorch on {}", to_text(options.device));
    }
    const DType dtype = choose_dtype(options.dtype);
    model_ = LanguageModel::load(source, dtype);
    return dtype == DType::kBFloat16 ? "fused bfloat16 (avx512_bf16)" : "fused float32";
  }

  Tokenizer tokenizer_;
  std::shared_ptr<const LanguageModel> model_;
  ModelInfo info_;
};

}  // namespace

std::unique_ptr<Model> load_text_model(const std::string& path, const LoadOptions& options) {
  if (options.engine == Engine::kReference) {
    fail(ErrorKind::kUnsupported, "{}: engine reference exists for compact models only; use engine auto", path);
  }
  return std::make_unique<TextModel>(path, options);
}

ModelInfo text_model_info(const std::string& path, const LanguageModelConfig& config, const std::string& adapter) {
  return {.path = path,
          .architecture = std::string(architecture_name(config.architecture)),
          .layout = PromptLayout::kFlat,
          .num_parameters = num_parameters(config),
          .num_layers = config.num_hidden_layers,
          .hidden_size = config.hidden_size,
          .vocab_size = config.vocab_size,
          .context_window = config.max_position_embeddings,
          .trained_prompt = read_trained_prompt(adapter.empty() ? path : adapter)};
}

std::optional<std::string> language_model_path(const std::string& path) {
  if (path.ends_with(".gguf")) return path;
  std::error_code error;
  const std::string gguf = (fs::path(path) / "model.gguf").string(), config = (fs::path(path) / "config.json").string();
  if (fs::exists(gguf, error)) return gguf;
  if (!fs::exists(config, error)) return std::nullopt;
  const Json json = Json::parse(read_file(config), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.contains("manyshot")) return std::nullopt;
  return path;
}

void check_tokenizer(const Tokenizer& tokenizer, const LanguageModelConfig& config, const std::string& path) {
  if (tokenizer.vocab_size() <= static_cast<size_t>(config.vocab_size)) return;
  fail(ErrorKind::kCorruptFile, "{}: the tokenizer has {} tokens, the model {}: they do not belong together", path,
       tokenizer.vocab_size(), config.vocab_size);
}

TokenizerSpec read_model_tokenizer(const std::string& path) {
  if (!path.ends_with(".gguf")) {
    std::error_code error;
    if (!fs::exists(fs::path(path) / "tokenizer.json", error)) {
      refuse_other_tokenizers(path);
      refuse_other_models(path);
    }
    return read_tokenizer_json(path);
  }
  const MappedFile file(path);
  return read_tokenizer_spec(GgufFile(file.bytes(), path));
}

}  // namespace manyshot
