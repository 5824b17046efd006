#include "evaluate/knowledge/prompt_scorer.h"

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"
#include "evaluate/endpoint/concurrent_requests.h"
#include "evaluate/endpoint/echo_scores.h"

namespace manyshot {
namespace {

constexpr size_t kSpareTokens = 16;  // for the continuation

struct EndpointBatch {
  std::vector<ScoreRequest> requests;
  std::vector<std::vector<ContinuationScore>> scores;
  std::vector<AnswerReport> reports;
};

void score_batch(EndpointClient& client, EndpointBatch& batch) {
  batch.scores.resize(batch.requests.size());
  batch.reports.resize(batch.requests.size());
  const auto concurrency = static_cast<size_t>(client.options().concurrency);
  run_concurrently(batch.requests.size(), concurrency, [&](size_t i, std::stop_token stop) {
    const ScoreRequest& request = batch.requests[i];
    for (const std::string& continuation : request.continuations) {
      const EchoScore score = score_by_echo(client, request.prompt, continuation, batch.reports[i], stop);
      batch.scores[i].push_back({.log_prob = score.log_prob, .num_tokens = score.num_tokens});
    }
  });
}

}  // namespace

PromptScorer local_scorer(const Model& model) {
  if (model.tokenizer() == nullptr) {
    fail(ErrorKind::kUnsupported,
         "{} reads table rows only, so it has no general knowledge to measure; give a Llama or Qwen2 language model",
         model.info().path);
  }
  return {.score = [&model](const auto& next, const auto& done) { score_prompts(model, next, done); },
          .fits =
              [&model](const std::string& text) {
                const size_t tokens = model.tokenizer()->encode(text, /*parse_special=*/true).size();
                return tokens + kSpareTokens <= static_cast<size_t>(model.info().context_window);
              }};
}

PromptScorer endpoint_scorer(EndpointClient& client, AnswerReport& report) {
  const auto score = [&client, &report](const auto& next, const auto& done) {
    const size_t batch_size = 4 * static_cast<size_t>(client.options().concurrency);
    for (bool more = true; more;) {
      EndpointBatch batch;
      ScoreRequest request;
      while (batch.requests.size() < batch_size && (more = next(request))) batch.requests.push_back(request);
      score_batch(client, batch);
      for (size_t i = 0; i < batch.requests.size(); ++i) {
        report += batch.reports[i];
        done(batch.requests[i], batch.scores[i]);
      }
    }
  };
  return {.score = score, .fits = [](const std::string&) { return true; }};
}

}  // namespace manyshot
