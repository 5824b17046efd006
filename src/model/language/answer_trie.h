// Answers as a trie over tokens: which answer a model means is decided only where answers part.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "encoding/prompt.h"

namespace manyshot {

// A place where answers part: the tokens that all answers through it share, and the tokens they may go on with.
struct AnswerFork {
  std::vector<TokenId> path;        // from the beginning of the answer
  std::vector<TokenId> candidates;  // distinct
  std::vector<int> choice;          // [K] index into candidates of each answer that passes, else -1
};

// The forks in the order of their depth. The probability of an answer is the product, over the forks on its way, of its
// candidate's share among the fork's candidates, so all answers together have probability 1. Throws Error(kBadInput)
// when one answer's tokens are the beginning of another's, or two are equal.
std::vector<AnswerFork> answer_forks(std::span<const std::vector<TokenId>> answers);

}  // namespace manyshot
