// Checks that a prompt is one a `compact` model can read; what both engines need from it.
#pragma once

#include <string>
#include <vector>

#include "encoding/prompt.h"
#include "model/compact/config.h"
#include "model/decoder/rotation_table.h"
#include "model/model.h"

namespace manyshot {

// Positions inside a row, which are also its position ids: values 0 .. F-1, the bar F, the label F + 1.
inline size_t context_row_tokens(size_t num_features) { return num_features + 2; }
inline size_t query_row_tokens(size_t num_features) { return num_features + 1; }

// Rotations of all positions that a row of this model can have.
RotationTable row_rotations(const ModelConfig& config);

// All throw Error(kBadInput) naming row and column.
void check_context(const ModelConfig& config, const Prompt& prompt);
void check_queries(const ModelConfig& config, size_t num_features, const QueryTokens& queries);
// Whether a token may stand for a value, and which may.
bool is_cell(const ModelConfig& config, TokenId token);
std::string cell_ranges(const ModelConfig& config);

// The tokens among which the prompt's answers stand: the labels, or in version 2 the codes of a number.
TokenRange answer_range(const ModelConfig& config, const Prompt& prompt);

struct PromptAnswers {
  bool are_numbers = false;
  std::vector<int> places;  // of each answer in answer_range()
};
PromptAnswers prompt_answers(const ModelConfig& config, const Prompt& prompt);

// The log of the softmax over all tokens of the range, for each answer: out[k] = log p(places[k]). `logits` [range].
void answer_log_likelihoods(std::span<const float> logits, std::span<const int> places, std::span<float> out);

CompactVocabulary compact_vocabulary(const ModelConfig& config);

// ModelInfo that follows from the config; path, engine and num_parameters are the caller's.
ModelInfo compact_model_info(const ModelConfig& config);

}  // namespace manyshot
