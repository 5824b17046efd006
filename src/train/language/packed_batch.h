// Samples one behind the other, as a language model trains on them: no padding, and no token sees another sample's.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "encoding/prompt.h"
#include "model/language/config.h"
#include "train/train_sample.h"

namespace manyshot::train {

// Things first, …, last - 1.
struct Range {
  size_t first = 0, last = 0;
  size_t size() const { return last - first; }
};

struct PackedBatch {
  // A sample is taken up to its last supervised token, which nothing needs to be predicted from; one without supervised
  // tokens is left out. Throws Error(kBadInput) naming the sample for tokens outside of the vocabulary, a sample longer
  // than max_position_embeddings, and supervised places that do not exist or have no token before them.
  PackedBatch(std::span<const TrainSample> samples, const LanguageModelConfig& config);

  struct Sequence {
    size_t first = 0, last = 0;  // tokens of the batch
    uint64_t index = 0;          // of the sample in its stream
    size_t num_tokens() const { return last - first; }
  };
  // The loss looks at p(token | tokens up to `row`).
  struct Target {
    size_t row = 0;
    TokenId token = 0;
    size_t sample = 0;  // number in the span that the batch was made of
  };

  std::vector<TokenId> tokens;
  std::vector<size_t> positions;  // within their sequence
  std::vector<Sequence> sequences;
  std::vector<Target> targets;  // by increasing row

  // Whether any of the rows is a target's.
  bool has_targets(const Range& rows) const;
};

// The samples cut into groups of up to max_tokens, in order; a longer sample is a group of its own.
std::vector<std::span<const TrainSample>> pack_samples(std::span<const TrainSample> samples, size_t max_tokens);

// Tokens that go through a layer together: enough for the matrix products, few enough to stay in the second-level
// cache. Depends on num_tokens alone.
std::vector<Range> token_blocks(size_t num_tokens);
// Blocks whose gradients are added up one after the other; these sums are then added in order. At most kMaxChunks.
inline constexpr size_t kMaxChunks = 16;
std::vector<Range> block_chunks(size_t num_blocks);

}  // namespace manyshot::train
