// Log-probabilities of given texts from an endpoint: /completions with `echo`, as vLLM and others have it.
#pragma once

#include <cstdint>
#include <string>

#include "evaluate/endpoint/endpoint_client.h"

namespace manyshot {

struct EchoScore {
  double log_prob = 0;  // nats, summed
  uint64_t num_tokens = 0;
  size_t num_bytes = 0;  // of the continuation's part that was scored
};

// Log-probability of `continuation` behind `context`. A token across the border counts to the continuation. With an
// empty context the first token is not scored, since the endpoint has nothing to predict it from. Throws
// Error(kUnsupported) when the endpoint does not send the prompt's log-probabilities back, and as EndpointClient::post.
EchoScore score_by_echo(EndpointClient& client, const std::string& context, const std::string& continuation,
                        AnswerReport& report, std::stop_token stop = {});

}  // namespace manyshot
