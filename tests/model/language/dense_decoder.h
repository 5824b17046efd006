// The definition of a Llama or Qwen2 decoder in plain double loops over one whole text: what the fast one must compute.
#pragma once

#include <vector>

#include "model/language/tensor_source.h"

namespace manyshot {

// [tokens, vocab_size]: row t is ln p(. | tokens[0 .. t]).
std::vector<std::vector<double>> dense_log_probs(const TensorSource& source, const std::vector<TokenId>& tokens);

}  // namespace manyshot
