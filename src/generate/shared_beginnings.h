// What prompts begin with alike is encoded once.
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <span>
#include <vector>

#include "encoding/prompt.h"
#include "model/language/language_model.h"

namespace manyshot {

// Keeps the encoded beginnings that were of use last. Texts have the same bits with it and without. Not safe to use
// from several threads. REQUIRES: `model` outlives it.
class SharedBeginnings {
 public:
  explicit SharedBeginnings(const LanguageModel& model) : model_(model) {}

  // The longest encoded beginning of `prompt` that leaves at least its last token; nullptr for none. What the prompt
  // shares with one of `following`, or with one asked for lately, is encoded first where that is worth it.
  TextCachePtr of(std::span<const TokenId> prompt, std::span<const std::span<const TokenId>> following);

 private:
  struct Beginning {
    std::vector<TokenId> tokens;
    TextCachePtr cache;
  };
  void forget_least_used();

  const LanguageModel& model_;
  std::list<Beginning> beginnings_;          // used last first
  std::deque<std::vector<TokenId>> recent_;  // prompts, the last one first
};

}  // namespace manyshot
