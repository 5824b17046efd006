// A GGUF file's metadata as the config of a language model.
#pragma once

#include "model/files/gguf.h"
#include "model/language/config.h"

namespace manyshot {

// Throws Error(kCorruptFile) when a key is missing or its value makes no sense, kUnsupported naming an architecture
// other than llama and qwen2 or an option that this build cannot run.
LanguageModelConfig read_language_model_config(const GgufFile& file);

}  // namespace manyshot
