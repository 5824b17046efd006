// Prompt: what a model reads, as token ids. A PromptFormat makes it from tables; a Model scores it.
//
// One context (labelled rows, the `shots`) is shared by many queries. Each query is an independent branch behind the
// context, and each class is one possible answer behind the branch: the model returns log-likelihoods [Q, K] of answer
// k after query q. `compact` and the text formats (concat, tabllm) fill the same struct; they differ in `layout`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace manyshot {

using TokenId = int32_t;

// Returns how many tokens both begin with.
inline size_t shared_length(std::span<const TokenId> a, std::span<const TokenId> b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

enum class PromptLayout {
  kFlat,  // a plain token sequence
  kRows,  // `compact`: tokens come in rows of `row_tokens`, masks and position ids follow the rows
          // (docs/formats/compact.md)
};

struct Prompt {
  PromptLayout layout = PromptLayout::kFlat;
  size_t num_features =
      0;  // kRows: F; a context row is F value tokens, the bar, a label token; a query row F values, the bar
  std::vector<TokenId> context;               // kRows: [N * (F + 2)]
  std::vector<std::vector<TokenId>> answers;  // [K] tokens of each class's answer, in class order

  size_t num_shots() const { return layout == PromptLayout::kRows ? context.size() / (num_features + 2) : 0; }
};

// Branches behind a prompt's context: query q is tokens[offsets[q] .. offsets[q + 1]).
struct QueryTokens {
  std::vector<TokenId> tokens;
  std::vector<size_t> offsets{0};  // [Q + 1]

  size_t size() const { return offsets.size() - 1; }
  std::span<const TokenId> operator[](size_t query) const {
    return {tokens.data() + offsets[query], offsets[query + 1] - offsets[query]};
  }
};

}  // namespace manyshot
