// The small vocabularies in tests/encoding/tokenizer/golden: gpt2, smollm, qwen2 and llama3.
#pragma once

#include <string>

#include "encoding/tokenizer/tokenizer.h"
#include "support/source_path.h"

namespace manyshot {

inline std::string golden_path(const std::string& name) {
  return source_path("tests/encoding/tokenizer/golden/" + name);
}

inline Tokenizer golden_tokenizer(const std::string& family) {
  return Tokenizer(read_tokenizer_json(golden_path(family + ".json")));
}

}  // namespace manyshot
