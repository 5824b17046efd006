// A whole language model with random weights and a tokenizer, as a Hugging Face folder.
#pragma once

#include <string>

#include "model/language/config.h"

namespace manyshot {

// Writes config.json, model.safetensors, tokenizer.json and tokenizer_config.json to `folder`, which exists. The
// tokenizer is the small SmolLM one of tests/encoding/tokenizer/golden, with ChatML's tokens.
void write_tiny_text_model(const std::string& folder, int context_window = 8192,
                           LanguageArchitecture architecture = LanguageArchitecture::kLlama);

// A PEFT adapter of rank 2 and alpha 4 for every q_proj and down_proj of such a model.
void write_tiny_adapter(const std::string& folder);

}  // namespace manyshot
