// Scores of the labels at the place where a model wrote one, from the log-probabilities that an endpoint returns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluate/endpoint/completion.h"

namespace manyshot {

// [K] log-likelihoods of the labels at byte `place` of the tokens' joined texts (blanks may follow), up to a constant;
// -infinity for a label that none of the choices begins, all of them when nothing there is a label. `labels` as prompts
// show them: 0, or "yes" with its quotes; written ones may have quotes or not.
//
// Labels of several tokens are followed along the written one: a choice beside it that begins several labels gives each
// an equal part, since the tokens behind it are not known.
std::vector<float> label_scores(std::span<const CompletionToken> tokens, size_t place,
                                std::span<const std::string> labels);

}  // namespace manyshot
