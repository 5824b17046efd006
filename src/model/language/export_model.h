// A language model written for others: as a Hugging Face folder that transformers loads, or as a GGUF file that
// llama.cpp loads.
#pragma once

#include <string>

#include "model/files/gguf_dequantize.h"
#include "model/files/safetensors.h"
#include "model/language/tensor_source.h"

namespace manyshot {

// `tokenizer_path` is the folder or .gguf file that the tokenizer comes from; tokenizer files of a folder are copied as
// they are. `type` is kF32, kF16 or kBF16. Makes the folder. Throws Error(kBadInput) when it cannot be written to,
// kUnsupported for q8_0 and for rotary scalings that config.json cannot say.
void write_hugging_face_folder(const TensorSource& source, const std::string& tokenizer_path, GgmlType type,
                               const std::string& folder);

// `type` of the matrices: also kQ8_0 (rows that are no multiple of 32 stay F16). Norms and biases are F32.
void write_gguf_model(const TensorSource& source, const std::string& tokenizer_path, GgmlType type,
                      const std::string& path);

// What a safetensors file calls the type. Throws Error(kUnsupported) for one that it cannot hold.
TensorType safetensors_type(GgmlType type);

// config.json of a model with weights of that type, as transformers reads it.
std::string hugging_face_config_text(const LanguageModelConfig& config, GgmlType type);

}  // namespace manyshot
