#include "generate/shared_beginnings.h"

#include <algorithm>
#include <numeric>

namespace manyshot {
namespace {

constexpr size_t kWorthwhile = 32;      // tokens that must be saved for a pass of its own
constexpr size_t kMostBeginnings = 8;   // kept
constexpr size_t kMostTokens = 32'768;  // of all that are kept
constexpr size_t kMostRecent = 8;       // prompts that later ones are compared with

}  // namespace

TextCachePtr SharedBeginnings::of(std::span<const TokenId> prompt,
                                  std::span<const std::span<const TokenId>> following) {
  const size_t most = prompt.size() - 1;
  auto best = beginnings_.end();
  for (auto at = beginnings_.begin(); at != beginnings_.end(); ++at) {
    const size_t count = at->tokens.size();
    if (count > most || shared_length(prompt, at->tokens) < count) continue;
    if (best == beginnings_.end() || count > best->tokens.size()) best = at;
  }
  size_t fork = 0;
  for (const auto& other : following) fork = std::max(fork, shared_length(prompt, other));
  for (const auto& other : recent_) fork = std::max(fork, shared_length(prompt, other));
  fork = std::min(fork, most);
  recent_.emplace_front(prompt.begin(), prompt.end());
  if (recent_.size() > kMostRecent) recent_.pop_back();

  const size_t cached = best == beginnings_.end() ? 0 : best->tokens.size();
  if (cached > 0) beginnings_.splice(beginnings_.begin(), beginnings_, best);
  if (fork >= cached + kWorthwhile) {
    const TextCachePtr before = cached > 0 ? beginnings_.front().cache : nullptr;
    beginnings_.push_front({.tokens = {prompt.begin(), prompt.begin() + static_cast<ptrdiff_t>(fork)},
                            .cache = model_.extend(before, prompt.subspan(cached, fork - cached))});
    forget_least_used();
  } else if (cached == 0) {
    return nullptr;
  }
  return beginnings_.front().cache;
}

void SharedBeginnings::forget_least_used() {
  const auto num_tokens = [&] {
    return std::accumulate(beginnings_.begin(), beginnings_.end(), size_t{0},
                           [](size_t sum, const Beginning& beginning) { return sum + beginning.tokens.size(); });
  };
  while (beginnings_.size() > 1 && (beginnings_.size() > kMostBeginnings || num_tokens() > kMostTokens)) {
    beginnings_.pop_back();
  }
}

}  // namespace manyshot
