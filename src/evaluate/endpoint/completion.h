// An endpoint's answer, read from whichever of the OpenAI response shapes it came in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"

namespace manyshot {

struct TokenChoice {
  std::string text;
  double log_prob = 0;  // nats; -infinity where the response has none
};

struct CompletionToken {
  TokenChoice written;
  std::vector<TokenChoice> choices;  // the most likely ones at its place; `written` may be among them
};

struct Completion {
  std::string text;                     // without a leading <think>…</think>
  std::vector<CompletionToken> tokens;  // their texts joined end with `text`; empty without log-probabilities
  bool cut = false;                     // at the largest length asked for
  uint64_t prompt_tokens = 0, answer_tokens = 0;

  // Byte in the tokens' joined texts where `text` begins.
  size_t text_begin = 0;
};

// REQUIRES: `response` has at least one choice, as EndpointClient returns it. Log-probabilities are taken from
//   logprobs.content[].{token, logprob, bytes, top_logprobs[]}      /chat/completions; llama.cpp in both
//   logprobs.{tokens, token_logprobs, top_logprobs[{token: …}]}     /completions
// and left out when they do not spell the text. Fields of unexpected types count as absent.
Completion read_completion(const Json& response);
// The tokens of a choice of a response alone, whatever its text.
std::vector<CompletionToken> read_tokens(const Json& choice);

}  // namespace manyshot
