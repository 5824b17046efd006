#include "model/language/text_checks.h"

#include "core/error.h"

namespace manyshot {

void TextChecks::vocabulary(std::span<const TokenId> tokens) const {
  const auto vocab_size = static_cast<TokenId>(config_.vocab_size);
  for (TokenId token : tokens) {
    if (token < 0 || token >= vocab_size) {
      fail(ErrorKind::kBadInput,
           "token {} is not in the vocabulary of {} tokens of {}; take the tokenizer that belongs to the model", token,
           vocab_size, path_);
    }
  }
}

void TextChecks::text(size_t num_before, std::span<const TokenId> tokens) const {
  vocabulary(tokens);
  const size_t count = num_before + tokens.size();
  if (count == 0) fail(ErrorKind::kBadInput, "an empty text: a language model needs at least one token");
  if (count > static_cast<size_t>(config_.max_position_embeddings)) {
    fail(ErrorKind::kBadInput, "a text of {} tokens is longer than the {} that {} can read; give fewer or shorter rows",
         count, config_.max_position_embeddings, path_);
  }
}

void TextChecks::branch(const Branch& branch) const {
  text(branch.prefix != nullptr ? branch.prefix->num_tokens() : 0, branch.tokens);
  vocabulary(branch.candidates);
  if (branch.first_scored > branch.tokens.size() || (branch.prefix == nullptr && branch.first_scored == 0)) {
    fail(ErrorKind::kInternal, "a branch of {} tokens scored from token {}", branch.tokens.size(), branch.first_scored);
  }
}

void TextChecks::growth(const Growth& growth, size_t num_before) const {
  text(num_before, growth.tokens);
  if (growth.tokens.empty() || growth.num_wanted > growth.tokens.size()) {
    fail(ErrorKind::kInternal, "a text grows by {} tokens, {} predictions are wanted", growth.tokens.size(),
         growth.num_wanted);
  }
}

size_t num_passed(const Branch& branch) {
  if (!branch.candidates.empty() || branch.wants_most_likely) return branch.tokens.size();
  return branch.first_scored < branch.tokens.size() ? branch.tokens.size() - 1 : 0;
}

}  // namespace manyshot
