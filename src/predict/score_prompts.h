// Log-likelihoods of continuations behind prompts, for any language model: `manyshot score`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"
#include "model/model.h"

namespace manyshot {

struct ScoreRequest {
  std::string prompt;
  std::vector<std::string> continuations;
};

struct ContinuationScore {
  double log_prob = 0;  // summed over the continuation's tokens, nats
  uint64_t num_tokens = 0;
};

// Scores requests in order; what one prompt shares with the one before or behind it is computed once. The tokens of a
// continuation are those of prompt + continuation behind the ones that they share with the prompt alone, so a token
// across the border counts to the continuation. `next` gives the next request or nothing at the end. Special tokens in
// the texts are recognised. Throws Error(kUnsupported) for a model without a tokenizer, Error(kBadInput) for texts
// longer than its window and empty ones; the latter, and what `next` throws of that kind, goes to `refused` in the
// request's turn where that is given.
void score_prompts(const Model& model, const std::function<bool(ScoreRequest&)>& next,
                   const std::function<void(const ScoreRequest&, const std::vector<ContinuationScore>&)>& done,
                   const std::function<void(const Error&)>& refused = {});

}  // namespace manyshot
