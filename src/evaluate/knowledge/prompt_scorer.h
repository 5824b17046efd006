// Likelihoods of texts behind prompts, from a local language model or an endpoint.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evaluate/endpoint/endpoint_client.h"
#include "model/model.h"
#include "predict/score_prompts.h"

namespace manyshot {

struct PromptScorer {
  // As score_prompts (predict/score_prompts.h): requests in order, scores in the same order.
  std::function<void(const std::function<bool(ScoreRequest&)>& next,
                     const std::function<void(const ScoreRequest&, const std::vector<ContinuationScore>&)>& done)>
      score;
  // Whether a text fits the model's window; always, where the window is not known.
  std::function<bool(const std::string& text)> fits;
};

// `model` must outlive the scorer. Throws Error(kUnsupported) for a model without a tokenizer.
PromptScorer local_scorer(const Model& model);
// `client` and `report`, which counts its requests, must outlive the scorer. Requests of `concurrency` prompts are
// under way at a time.
PromptScorer endpoint_scorer(EndpointClient& client, AnswerReport& report);

}  // namespace manyshot
