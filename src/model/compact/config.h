// config.json of a `compact` model: the keys of a Hugging Face Llama config and a "manyshot" section
// (docs/formats/weights.md).
#pragma once

#include <cstddef>
#include <optional>
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

// What version 2 of the format has besides (docs/formats/compact.md). Ranks and targets have as many codes as numbers.
struct TypedTokens {
  TokenRange rank_tokens;      // vectors added to those of number codes; never tokens of their own
  TokenRange target_tokens;    // codes of a number to predict
  TokenId missing_token = 0;   // a cell without a value
  TokenId unseen_token = 0;    // a category without an id of its own
  TokenRange category_tokens;  // the others
  TokenRange share_tokens;  // one for each label and one for numbers: whose share a cell of another model is; vectors
                            // added to those of number codes
};

struct ModelConfig : DecoderConfig {
  int row_layers = 0;        // the first layers, which see their own row only
  TokenRange number_tokens;  // number codes
  TokenRange label_tokens;   // class labels; max_classes of them
  TokenId bar_token = 0;
  TokenRange column_tokens;          // vectors added to the values of column 0, 1, …; never tokens of their own
  std::optional<TypedTokens> typed;  // nothing: version 1
  int trained_features =
      20;  // columns and labelled rows seen in training at most; those of the first model, which does not
  int trained_shots = 640;        // state them
  bool predicts_numbers = false;  // whether it was trained on numbers to predict, too (version 2)
  int max_shots = 640;            // labelled rows one context should hold at most; absent: trained_shots

  // Tokens of version 2 that are made of two vectors have the ids from vocab_size on: number cells (rank by rank), then
  // shares (mark by mark).
  TokenRange pair_cells() const { return {vocab_size, vocab_size + codes() * codes() - 1}; }
  TokenRange share_cells() const {
    const TokenId first = pair_cells().last + 1;
    return {first, first + typed->share_tokens.size() * codes() - 1};
  }
  int codes() const { return number_tokens.size(); }
};

// Parses the text of config.json; `source` names it in messages. Throws Error(kCorruptFile) when it is no JSON object,
// kBadInput when a value is missing or out of range (naming key, value and what was expected), kUnsupported for an
// architecture or option this build cannot run.
ModelConfig parse_model_config(std::string_view text, const std::string& source);

// The rows of the embedding table whose sum a token is, at place `place` of a row; -1: no row.
struct TokenSum {
  TokenId first = -1, second = -1, column = -1;
};
// REQUIRES: the token is one that may stand there (compact_prompt.h checks).
TokenSum token_sum(const ModelConfig& config, TokenId token, size_t place, size_t num_features);

// The usual vocabulary of a version, 1 or 2: sets vocab_size, max_position_embeddings and all tokens.
void set_usual_tokens(int version, ModelConfig& config);

// The text of config.json for weights of that type: the inverse of parse_model_config().
std::string model_config_json(const ModelConfig& config, DType dtype);

}  // namespace manyshot
