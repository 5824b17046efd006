// Caches along a text, so that the next text computes only what it does not share with this one.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "model/language/language_model.h"

namespace manyshot {

// Not safe to use from several threads. REQUIRES: `model` outlives it.
class CachePath {
 public:
  explicit CachePath(const LanguageModel& model) : model_(model) {}

  // The cache of `text`. Caches also stop at `fork`, where a later text will leave this one.
  TextCachePtr go(std::span<const TokenId> text, size_t fork) {
    const size_t shared = shared_length(text, tokens_);
    while (!caches_.empty() && caches_.back()->num_tokens() > shared) caches_.pop_back();
    for (const size_t end : {fork, text.size()}) {
      const size_t begin = caches_.empty() ? 0 : caches_.back()->num_tokens();
      if (end <= begin) continue;
      caches_.push_back(model_.extend(caches_.empty() ? nullptr : caches_.back(), text.subspan(begin, end - begin)));
    }
    tokens_.assign(text.begin(), text.end());
    return caches_.back();
  }

 private:
  const LanguageModel& model_;
  std::vector<TokenId> tokens_;
  std::vector<TextCachePtr> caches_;  // shortest first
};

}  // namespace manyshot
