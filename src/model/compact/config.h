// config.json of a `compact` model: the keys of a Hugging Face Llama config and a "manyshot" section
// (docs/formats/weights.md).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "encoding/prompt.h"
#include "model/decoder/config.h"
#include "model/dtype.h"

namespace manyshot {

// Token ids first .. last.
struct TokenRange {
  TokenId first = 0, last = 0;
  int size() const { return last - first + 1; }
  bool contains(TokenId token) const { return token >= first && token <= last; }
};

struct ModelConfig : DecoderConfig {
  int row_layers = 0;        // the first layers, which see their own row only
  TokenRange number_tokens;  // number codes
  TokenRange label_tokens;   // class labels; max_classes of them
  TokenId bar_token = 0;
  TokenRange column_tokens;  // vectors added to the values of column 0, 1, …; never tokens of their own
  int trained_features =
      20;  // columns and labelled rows seen in training at most; those of the first model, which does not
  int trained_shots = 640;  // state them
  int max_shots = 640;      // labelled rows one context should hold at most; absent: trained_shots
};

// Parses the text of config.json; `source` names it in messages. Throws Error(kCorruptFile) when it is no JSON object,
// kBadInput when a value is missing or out of range (naming key, value and what was expected), kUnsupported for an
// architecture or option this build cannot run.
ModelConfig parse_model_config(std::string_view text, const std::string& source);

// The text of config.json for weights of that type: the inverse of parse_model_config().
std::string model_config_json(const ModelConfig& config, DType dtype);

}  // namespace manyshot
