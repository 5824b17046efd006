// A Llama or Qwen2 language model that scores texts, and lets them grow: log-probabilities of given tokens behind
// shared beginnings, or of all tokens behind texts that are being written.
//
// A text is a path through a tree of cached beginnings: prefill() computes keys and values once, extend() goes on from
// them without copying, and score() evaluates many short continuations ("branches") in one batched pass. Every number
// is the same bit for bit whether its text was computed at once, piece by piece or behind a cache, beside whatever
// other branches, by any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "encoding/prompt.h"
#include "model/dtype.h"
#include "model/language/tensor_source.h"
#include "model/model.h"

namespace manyshot {

// The keys and values of a text, and what its last token predicts. Immutable; any number of threads may use it, and it
// may outlive its model.
class TextCache {
 public:
  virtual ~TextCache() = default;
  virtual size_t num_tokens() const = 0;
};
using TextCachePtr = std::shared_ptr<const TextCache>;

// Tokens behind a cached text (nullptr: at the beginning of a text).
struct Continuation {
  TextCachePtr prefix;
  std::span<const TokenId> tokens;
};

struct Branch {
  TextCachePtr prefix;  // nullptr: none, the branch is a whole text
  std::span<const TokenId> tokens;
  // Log-probabilities are wanted from this token on. 0 asks what the prefix predicts, so it needs a prefix.
  size_t first_scored = 0;
  // Tokens whose log-probabilities behind the whole branch are wanted.
  std::span<const TokenId> candidates;
  bool wants_most_likely = false;
};

// A text that one owner lets grow, a token at a time if need be: what is being generated. Not safe to use from several
// threads; different ones are. It may outlive its model.
class GrowingText {
 public:
  virtual ~GrowingText() = default;
  virtual size_t num_tokens() const = 0;
};

// Tokens that a growing text takes.
struct Growth {
  GrowingText* text = nullptr;
  std::span<const TokenId> tokens;  // at least one
  size_t num_wanted = 1;            // what comes next is wanted behind the last so many of them
};

// What a text predicts: ln p(token) over the whole vocabulary is logits[token] - log_sum.
struct NextToken {
  std::vector<float> logits;  // [vocab_size]
  float log_sum = 0;

  float log_prob(TokenId token) const { return logits[static_cast<size_t>(token)] - log_sum; }
};

// Natural logarithms, over the whole vocabulary.
struct BranchScore {
  std::vector<float> log_probs;   // [tokens - first_scored]: ln p(token i | prefix, tokens before i)
  std::vector<float> candidates;  // [candidates]: ln p(candidate | prefix, all tokens)
  TokenId most_likely = -1;       // the most probable token behind the branch, if wanted
};

// Throughout: Error(kBadInput) for token ids outside of the vocabulary, for texts longer than max_position_embeddings
// and for an empty text; Error(kOutOfMemory) when keys and values do not fit. All functions may be called from several
// threads.
class LanguageModel {
 public:
  // Reads and packs all weights; `source` is not needed afterwards. In kBFloat16, weights, keys, values and the inputs
  // of matrix products are rounded to bf16, while sums, the residual stream, norms, softmax and log-probabilities are
  // f32 in both. Throws Error(kUnsupported) for kBFloat16 on a processor without avx512_bf16 and for shapes the kernels
  // cannot take, Error(kCorruptFile) for missing or misshapen tensors, NaN and infinity.
  static std::unique_ptr<LanguageModel> load(const TensorSource& source, DType dtype);
  virtual ~LanguageModel() = default;

  virtual const LanguageModelConfig& config() const = 0;
  // Bytes of keys and values per cached token.
  virtual uint64_t cache_bytes_per_token() const = 0;

  TextCachePtr prefill(std::span<const TokenId> tokens) const;
  TextCachePtr extend(TextCachePtr prefix, std::span<const TokenId> tokens) const;
  // Several texts in one batched pass; result i belongs to continuation i.
  virtual std::vector<TextCachePtr> extend(std::span<const Continuation> continuations) const = 0;

  // Result i belongs to branch i. Branches may have different prefixes; those of one prefix should stand together.
  virtual std::vector<BranchScore> score(std::span<const Branch> branches) const = 0;

  // A text that begins with `prefix` (nullptr: that is empty) and shares it.
  virtual std::unique_ptr<GrowingText> begin_text(TextCachePtr prefix = nullptr) const = 0;
  // Several texts, each at most once, in one batched pass. The predictions that are wanted, in the order of the tokens:
  // each holds vocab_size floats, so long texts should want them in parts. log_prob() has the bits of score(). Texts
  // that were to grow when something else than Error(kBadInput) is thrown are of no use any more.
  virtual std::vector<NextToken> grow(std::span<const Growth> growths) const = 0;
};

}  // namespace manyshot
