// Perplexity of a text: how well a language model foretells it.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"
#include "evaluate/endpoint/endpoint_client.h"
#include "model/model.h"

namespace manyshot {

// Windows of `window` tokens begin every `stride` tokens; each scores the tokens that the one before did not reach. So
// every token but the text's first is scored once, with at least window - stride tokens before it once the first window
// is past: at least `stride` when that is no more than half the window. (The sliding window of Hugging Face's guide to
// perplexity.)
struct WindowOptions {
  int window = 2048;  // cut to the model's own
  int stride = 1024;
};

struct PerplexityResult {
  uint64_t num_tokens = 0, num_bytes = 0;  // scored
  double log_prob = 0;                     // nats, summed

  double nats_per_token() const;
  double perplexity() const;  // e to the nats per token
  double bits_per_byte() const;
};

// Memory does not grow with the file, as long as lines do not. The same bits for any number of threads. The model's
// beginning of text stands before the text where the model expects it; then the first token is scored too. Throws
// Error(kUnsupported) for a model without a tokenizer, Error(kBadInput) for a text of one token, for a stride that is
// not smaller than the window, and as TextPieces.
PerplexityResult measure_perplexity(const Model& model, const std::string& path, const WindowOptions& options = {});

// The same by score_by_echo. The endpoint's tokens are not known beforehand, so windows are counted in bytes, three for
// a token, and cut at line ends.
PerplexityResult measure_perplexity(EndpointClient& client, const std::string& path, const WindowOptions& options,
                                    AnswerReport& report);

Json to_json(const PerplexityResult& result);

}  // namespace manyshot
