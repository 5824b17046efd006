// A language model behind the Model interface: the context is prefilled once, every query is a branch behind it, and
// answers are scored where they part.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "encoding/tokenizer/tokenizer_spec.h"
#include "model/language/config.h"
#include "model/model.h"

namespace manyshot {

// `path` is a Hugging Face folder (config.json, safetensors, tokenizer.json) or a .gguf file.
std::unique_ptr<Model> load_text_model(const std::string& path, const LoadOptions& options);
// What is known of the model at `path`, which has this config, without its weights: all but the engine.
ModelInfo text_model_info(const std::string& path, const LanguageModelConfig& config, const std::string& adapter = "");
// Where the language model at `path` (a model folder or a .gguf file) stands: `path` itself, or the model.gguf in it;
// nothing for a compact model.
std::optional<std::string> language_model_path(const std::string& path);
// The tokenizer that a path from language_model_path() holds.
TokenizerSpec read_model_tokenizer(const std::string& path);
// Whether every token of the tokenizer has a row in the model at `path`. Throws Error(kCorruptFile) with both sizes.
void check_tokenizer(const Tokenizer& tokenizer, const LanguageModelConfig& config, const std::string& path);

}  // namespace manyshot
