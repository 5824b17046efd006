// Scores a closed set of answers behind queries: the probability of each answer when the model may give no other.
#pragma once

#include <span>

#include "encoding/prompt.h"
#include "model/language/answer_trie.h"
#include "model/language/language_model.h"

namespace manyshot {

// log_likelihoods [Q, K] row-major: ln p(answer k | prefix, query q) among the K answers of `forks`. The same bits
// whatever other queries stand beside, by any number of threads.
void score_answers(const LanguageModel& model, const TextCachePtr& prefix, std::span<const AnswerFork> forks,
                   const QueryTokens& queries, std::span<float> log_likelihoods);

}  // namespace manyshot
