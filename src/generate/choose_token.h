// Which token comes next.
#pragma once

#include <cstdint>
#include <vector>

#include "core/rng.h"
#include "encoding/prompt.h"
#include "generate/generate_options.h"
#include "model/language/language_model.h"

namespace manyshot {

// Temperature 0: the token of the largest logit, the smallest id of several. Else one is drawn with the uniform number
// `draw` in [0, 1), from the softmax of logits / temperature, cut to the top_k most likely tokens, and of these to the
// fewest that have a share of top_p (Holtzman et al. 2020, "The curious case of neural text degeneration").
TokenId choose_token(const NextToken& next, const GenerateOptions& options, double draw);

struct TokenLogProb {
  TokenId token = 0;
  float log_prob = 0;
};
// The `count` most likely tokens, likeliest first, then by id.
std::vector<TokenLogProb> most_likely(const NextToken& next, size_t count);

}  // namespace manyshot
