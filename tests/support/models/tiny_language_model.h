// Small random Llama and Qwen2 models, as Hugging Face folders and as GGUF files.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "model/language/config.h"
#include "model/language/tensor_source.h"
#include "support/models/gguf_writer.h"
#include "support/models/random_tensor.h"

namespace manyshot {

LanguageModelConfig tiny_language_config(LanguageArchitecture architecture);

// All tensors of the config, with random values that f16 and bf16 have exactly.
std::vector<RandomTensor> tiny_language_tensors(const LanguageModelConfig& config);

// config.json with the keys that a model must have: no head_dim, rope scaling or attention_bias.
Json hugging_face_config(const LanguageModelConfig& config);
// Metadata and tensors as llama.cpp's converter writes them, with F32 tensors; no rope scaling, no tokenizer.
GgufWriter gguf_of(const LanguageModelConfig& config, const std::vector<RandomTensor>& tensors);
GgufWriter gguf_metadata(const LanguageModelConfig& config);  // without the tensors

// All values of a tensor of `source`, row by row.
std::vector<float> read_whole(const TensorSource& source, const std::string& name);

}  // namespace manyshot
