// The tokenizer inside a GGUF file.
#pragma once

#include "encoding/tokenizer/tokenizer_spec.h"
#include "model/files/gguf.h"

namespace manyshot {

// Throws Error(kCorruptFile) naming a key of tokenizer.ggml that is missing or of the wrong kind, and as
// tokenizer_spec() does.
TokenizerSpec read_tokenizer_spec(const GgufFile& file);

}  // namespace manyshot
