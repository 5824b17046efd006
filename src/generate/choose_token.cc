#include "generate/choose_token.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace manyshot {
namespace {

// Likelier tokens first, of equal ones the smaller id.
struct Likelier {
  const std::vector<float>& logits;
  bool operator()(TokenId a, TokenId b) const {
    const float of_a = logits[static_cast<size_t>(a)], of_b = logits[static_cast<size_t>(b)];
    return of_a != of_b ? of_a > of_b : a < b;
  }
};

std::vector<TokenId> all_tokens(const std::vector<float>& logits) {
  std::vector<TokenId> tokens(logits.size());
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

// The `count` likeliest in order.
std::vector<TokenId> likeliest(const std::vector<float>& logits, size_t count) {
  std::vector<TokenId> tokens = all_tokens(logits);
  count = std::min(count, tokens.size());
  std::partial_sort(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(count), tokens.end(), Likelier{logits});
  tokens.resize(count);
  return tokens;
}

TokenId draw_from(const std::vector<TokenId>& tokens, const std::vector<double>& weights, double total, double draw) {
  double left = draw * total;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    left -= weights[i];
    if (left < 0) return tokens[i];
  }
  return tokens.back();
}

// Leaves the fewest likeliest tokens that have `share` of `total` together, in order, and returns their own total.
double keep_share(const std::vector<float>& logits, double share, double total, std::vector<TokenId>& tokens,
                  std::vector<double>& weights, const auto& weight_of) {
  const Likelier likelier{logits};
  const auto below = [&](TokenId a, TokenId b) { return likelier(b, a); };  // for a heap with the likeliest on top
  std::make_heap(tokens.begin(), tokens.end(), below);
  std::vector<TokenId> kept;
  weights.clear();
  double sum = 0;
  for (auto end = tokens.end(); end != tokens.begin() && (kept.empty() || sum < share * total); --end) {
    std::pop_heap(tokens.begin(), end, below);
    kept.push_back(*(end - 1));
    weights.push_back(weight_of(kept.back()));
    sum += weights.back();
  }
  tokens = std::move(kept);
  return sum;
}

}  // namespace

TokenId choose_token(const NextToken& next, const GenerateOptions& options, double draw) {
  const std::vector<float>& logits = next.logits;
  const float largest = *std::max_element(logits.begin(), logits.end());
  if (options.temperature == 0) {
    return static_cast<TokenId>(std::find(logits.begin(), logits.end(), largest) - logits.begin());
  }
  const auto weight_of = [&](TokenId token) {
    return std::exp((static_cast<double>(logits[static_cast<size_t>(token)]) - largest) / options.temperature);
  };
  std::vector<TokenId> tokens =
      options.top_k > 0 ? likeliest(logits, static_cast<size_t>(options.top_k)) : all_tokens(logits);
  std::vector<double> weights;
  weights.reserve(tokens.size());
  for (const TokenId token : tokens) weights.push_back(weight_of(token));
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (options.top_p < 1) total = keep_share(logits, options.top_p, total, tokens, weights, weight_of);
  return draw_from(tokens, weights, total, draw);
}

std::vector<TokenLogProb> most_likely(const NextToken& next, size_t count) {
  std::vector<TokenLogProb> result;
  for (const TokenId token : likeliest(next.logits, count)) result.push_back({token, next.log_prob(token)});
  return result;
}

}  // namespace manyshot
