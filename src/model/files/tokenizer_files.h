// A tokenizer as the files that others read: tokenizer.json and its companions, or GGUF metadata.
#pragma once

#include <string>

#include "encoding/tokenizer/tokenizer_spec.h"
#include "model/files/gguf_file_writer.h"

namespace manyshot {

// What belongs to a tokenizer besides its tables.
struct ModelTokenizer {
  TokenizerSpec spec;
  std::string chat_template;  // Jinja; empty: none
};

// `path` is a Hugging Face folder or a .gguf file, as language_model_path() gives it.
ModelTokenizer read_tokenizer(const std::string& path);

// Writes tokenizer.json, tokenizer_config.json and special_tokens_map.json into `folder`; transformers reads them.
void write_tokenizer_files(const ModelTokenizer& tokenizer, const std::string& folder);

// Adds the tokenizer.ggml keys, with unused tokens up to `vocab_size`. Throws Error(kUnsupported) for a pre-tokenizer
// that llama.cpp has no name for.
void add_tokenizer_metadata(const ModelTokenizer& tokenizer, size_t vocab_size, GgufMetadata& metadata);

}  // namespace manyshot
