// What people give in the place of a model, an adapter or a tokenizer that cannot be opened, and what to do with it.
// Each function is called when the files that are needed are not there: it throws an Error that says what stands at
// the path instead, and returns when it is nothing known. Git LFS pointers are refused wherever files are read
// (core/files.h).
#pragma once

#include <string>

namespace manyshot {

bool is_adapter_folder(const std::string& path);  // it has adapter_config.json and no config.json

// A folder without config.json or safetensors, or a file. Throws Error(kBadInput) for an adapter, a file of a folder
// and a folder around a GGUF file, kUnsupported for PyTorch's pickles.
void refuse_other_models(const std::string& path);
// Throws Error(kBadInput) for a file of an adapter's folder and for a model, kUnsupported for GGUF adapters and
// PyTorch's pickles.
void refuse_other_adapters(const std::string& path);
// A folder without tokenizer.json, or a file. Throws Error(kUnsupported) for SentencePiece's tokenizer.model, kBadInput
// for vocab.json and merges.txt alone.
void refuse_other_tokenizers(const std::string& path);

}  // namespace manyshot
