// What a language model is, from its headers alone: for `manyshot info`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "core/json.h"
#include "model/dtype.h"
#include "model/language/config.h"

namespace manyshot {

struct LanguageModelFacts {
  std::string path;
  LanguageModelConfig config;
  int64_t parameters = 0;
  uint64_t stored_bytes = 0;
  std::map<std::string, uint64_t> values_by_type;  // "Q4_1" -> how many weights are stored so
  size_t tokenizer_tokens = 0, tokenizer_merges = 0;
  std::string bos, eos;           // texts of these tokens; "" for none
  DType dtype = DType::kFloat32;  // that this machine computes in

  uint64_t weight_bytes() const;           // as this machine loads them
  uint64_t cache_bytes_per_token() const;  // keys and values
};

// No weight is read. `path`: what language_model_path() gives. Throws what opening model and tokenizer throws.
LanguageModelFacts read_language_model_facts(const std::string& path);

Json to_json(const LanguageModelFacts& facts);
// Some lines for the user.
std::string describe(const LanguageModelFacts& facts);

}  // namespace manyshot
