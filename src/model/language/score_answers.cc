#include "model/language/score_answers.h"

#include <algorithm>
#include <cmath>

#include "core/interrupt.h"

namespace manyshot {
namespace {

constexpr size_t kBatchTokens = 4096;  // of branches that go through the layers together; bounds memory, not results

// Adds ln of each answer's share among the fork's candidates.
void add_fork(const AnswerFork& fork, std::span<const float> log_probs, std::span<float> log_likelihoods) {
  const double largest = *std::max_element(log_probs.begin(), log_probs.end());
  double sum = 0;
  for (const float log_prob : log_probs) sum += std::exp(log_prob - largest);
  for (size_t k = 0; k < log_likelihoods.size(); ++k) {
    if (fork.choice[k] < 0) continue;
    log_likelihoods[k] += static_cast<float>(log_probs[static_cast<size_t>(fork.choice[k])] - largest - std::log(sum));
  }
}

void score_batch(const LanguageModel& model, const TextCachePtr& prefix, std::span<const AnswerFork> forks,
                 const QueryTokens& queries, size_t first, size_t last, std::span<float> log_likelihoods) {
  const size_t num_answers = log_likelihoods.size() / (last - first);
  // With several forks the queries' own keys and values are kept, so that each is computed once.
  std::vector<TextCachePtr> prefixes(last - first, prefix);
  const bool keep = forks.size() > 1;
  if (keep) {
    std::vector<Continuation> continuations;
    for (size_t query = first; query < last; ++query)
      continuations.push_back({.prefix = prefix, .tokens = queries[query]});
    prefixes = model.extend(continuations);
  }
  for (const AnswerFork& fork : forks) {
    std::vector<Branch> branches;
    std::vector<std::vector<TokenId>> texts;
    texts.reserve(last - first);
    for (size_t query = first; query < last; ++query) {
      std::vector<TokenId>& text = texts.emplace_back();
      if (!keep) text.assign(queries[query].begin(), queries[query].end());
      text.insert(text.end(), fork.path.begin(), fork.path.end());
      branches.push_back({.prefix = prefixes[query - first],
                          .tokens = text,
                          .first_scored = text.size(),
                          .candidates = fork.candidates});
    }
    const std::vector<BranchScore> scores = model.score(branches);
    for (size_t i = 0; i < scores.size(); ++i)
      add_fork(fork, scores[i].candidates, log_likelihoods.subspan(i * num_answers, num_answers));
  }
}

}  // namespace

void score_answers(const LanguageModel& model, const TextCachePtr& prefix, std::span<const AnswerFork> forks,
                   const QueryTokens& queries, std::span<float> log_likelihoods) {
  std::fill(log_likelihoods.begin(), log_likelihoods.end(), 0.0f);
  if (queries.size() == 0) return;
  const size_t num_answers = log_likelihoods.size() / queries.size();
  for (size_t first = 0; first < queries.size();) {
    check_interrupted();
    size_t last = first, tokens = 0;
    while (last < queries.size() && (last == first || tokens + queries[last].size() <= kBatchTokens))
      tokens += queries[last++].size();
    score_batch(model, prefix, forks, queries, first, last,
                log_likelihoods.subspan(first * num_answers, (last - first) * num_answers));
    first = last;
  }
}

}  // namespace manyshot
