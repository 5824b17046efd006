#include "train/compact/upgrade_weights.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/rng.h"
#include "train/compact/number_features.h"

namespace manyshot::train {
namespace {

constexpr double kDeviation = 0.02;  // of random vectors

class Upgrade {
 public:
  Upgrade(const ModelConfig& from, const ModelConfig& to, const Weights& weights, uint64_t seed)
      : from_(from), to_(to), weights_(weights), rng_(seed), D_(static_cast<size_t>(from.hidden_size)) {}

  std::vector<float> embedding() {
    table_.assign(static_cast<size_t>(to_.vocab_size) * D_, 0);
    const TypedTokens& typed = *to_.typed;
    for (TokenId code = 0; code < to_.codes(); ++code) {
      const TokenId old = from_.number_tokens.first + code * from_.codes() / to_.codes();
      add(old, 0.5f, to_.number_tokens.first + code);
      add(old, 0.5f, typed.rank_tokens.first + code);
    }
    copy(from_.label_tokens, to_.label_tokens, "labels");
    copy(from_.column_tokens, to_.column_tokens, "columns");
    add(from_.bar_token, 1, to_.bar_token);
    const TokenId mean = from_.number_tokens.first + from_.codes() / 2;
    add(mean, 1, typed.missing_token);
    add(mean, 1, typed.unseen_token);
    add_categories();
    randomise(typed.share_tokens, "shares");
    add_targets();
    return std::move(table_);
  }

 private:
  float* row(TokenId token) { return table_.data() + static_cast<size_t>(token) * D_; }
  void add(TokenId from, float scale, TokenId to) {
    const float* values = weights_.embedding.data() + static_cast<size_t>(from) * D_;
    for (size_t i = 0; i < D_; ++i) row(to)[i] += scale * values[i];
  }
  void randomise(const TokenRange& tokens, std::string_view name) {
    for (TokenId token = tokens.first; token <= tokens.last; ++token) {
      const Rng rng = rng_.child(name, static_cast<uint64_t>(token - tokens.first));
      for (size_t i = 0; i < D_; ++i) row(token)[i] += static_cast<float>(kDeviation * rng.normal(i));
    }
  }
  // Those that the old model lacks are random.
  void copy(const TokenRange& from, const TokenRange& to, std::string_view name) {
    const int count = std::min(from.size(), to.size());
    for (int i = 0; i < count; ++i) add(from.first + i, 1, to.first + i);
    if (count < to.size()) randomise({to.first + count, to.last}, name);
  }
  // Numbers whose normal scores lie evenly.
  void add_categories() {
    const TokenRange& tokens = to_.typed->category_tokens;
    for (int i = 0; i < tokens.size(); ++i) {
      const double z = normal_quantile((i + 0.5) / tokens.size());
      const double code = from_.codes() * 0.5 + z * codes_per_deviation(static_cast<size_t>(from_.codes()));
      add(from_.number_tokens.first + static_cast<TokenId>(code), 1, tokens.first + i);
    }
  }
  // A random smooth function of the code.
  void add_targets() {
    const auto codes = static_cast<size_t>(to_.codes());
    std::vector<float> weight(kNumberFeatures * D_);
    const Rng rng = rng_.child("targets");
    for (size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<float>(0.1 * rng.normal(i));
    embed_numbers(number_features(codes), weight.data(), D_, 0, codes, row(to_.typed->target_tokens.first));
  }

  const ModelConfig &from_, &to_;
  const Weights& weights_;
  Rng rng_;
  size_t D_;
  std::vector<float> table_;
};

}  // namespace

ModelConfig upgraded_config(const ModelConfig& config) {
  ModelConfig upgraded = config;
  set_usual_tokens(2, upgraded);
  return upgraded;
}

Weights upgraded_weights(const ModelConfig& config, const Weights& weights, uint64_t seed) {
  const ModelConfig upgraded_to = upgraded_config(config);
  Weights upgraded = weights;
  upgraded.embedding = Upgrade(config, upgraded_to, weights, seed).embedding();
  upgraded.num_parameters = num_parameters(upgraded_to);
  return upgraded;
}

}  // namespace manyshot::train
