#include "train/compact/reference_network.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "train/compact/number_features.h"

namespace manyshot::train {

ReferenceNetwork::ReferenceNetwork(const CompactNetworkOptions& options, std::span<const Parameter> parameters)
    : options_(options), number_features_(number_features(1000)) {
  for (const Parameter& parameter : parameters) {
    values_[parameter.name].assign(parameter.value.begin(), parameter.value.end());
  }
}

// Queries have no label token.
std::vector<ReferenceNetwork::Token> ReferenceNetwork::tokens_of(const TrainSample& sample) const {
  std::vector<Token> tokens;
  for (size_t row = 0; row < sample.num_rows(); ++row) {
    const size_t count = sample.num_features + (row < sample.num_labelled ? 2 : 1);
    for (size_t place = 0; place < count; ++place) {
      tokens.push_back({row, place, sample.tokens[row * sample.row_tokens() + place]});
    }
  }
  return tokens;
}

bool ReferenceNetwork::sees(const TrainSample& sample, const Token& reader, const Token& read,
                            bool is_row_layer) const {
  const size_t F = sample.num_features;
  if (is_row_layer) return reader.row == read.row && read.place <= reader.place;
  if (read.place < F) return false;
  if (reader.row == read.row && read.place <= reader.place) return true;
  if (read.place != F + 1) return false;  // of other rows, labels only
  return reader.row >= sample.num_labelled || read.row < reader.row;
}

void ReferenceNetwork::add_smooth(const std::string& name, TokenId code, std::vector<double>& x) const {
  const std::vector<double>& weight = values_.at(name);
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t f = 0; f < kNumberFeatures; ++f) {
      x[i] += number_features_[static_cast<size_t>(code) * kNumberFeatures + f] * weight[f * x.size() + i];
    }
  }
}

// `row` of tokens.weight: 10 labels, the bar, the column marks; in version 2 then missing, unseen, 64 categories and 11
// marks of shares.
void ReferenceNetwork::add_row(size_t row, std::vector<double>& x) const {
  const std::vector<double>& weight = values_.at("tokens.weight");
  for (size_t i = 0; i < x.size(); ++i) x[i] += weight[row * x.size() + i];
}

// The ids are those of usual_vocabulary().
std::vector<double> ReferenceNetwork::embed(const TrainSample& sample, const Token& token) const {
  std::vector<double> x(static_cast<size_t>(options_.config.hidden_size));
  const bool is_typed = options_.config.typed.has_value();
  const TokenId first_label = is_typed ? 3000 : 1000, first_pair = 3188, first_share = first_pair + 1'000'000;
  const size_t behind_columns = 11 + 100;
  if (token.place >= sample.num_features) {
    if (token.id < first_label) {
      add_smooth("targets.weight", token.id - 2000, x);
    } else {
      add_row(static_cast<size_t>(token.id - first_label), x);  // labels, then the bar
    }
    return x;
  }
  if (token.id >= first_share) {
    add_smooth("numbers.weight", (token.id - first_share) % 1000, x);
    add_row(behind_columns + 66 + static_cast<size_t>((token.id - first_share) / 1000), x);
    return x;
  }
  add_row(11 + token.place, x);
  if (!is_typed) {
    add_smooth("numbers.weight", token.id, x);
  } else if (token.id >= first_pair) {
    add_smooth("numbers.weight", (token.id - first_pair) % 1000, x);
    add_smooth("ranks.weight", (token.id - first_pair) / 1000, x);
  } else {
    add_row(behind_columns + static_cast<size_t>(token.id - 3011), x);
  }
  return x;
}

std::vector<double> ReferenceNetwork::product(const std::string& name, const std::vector<double>& x) const {
  const std::vector<double>& w = values_.at(name);
  std::vector<double> y(w.size() / x.size());
  for (size_t i = 0; i < y.size(); ++i) {
    for (size_t k = 0; k < x.size(); ++k) y[i] += w[i * x.size() + k] * x[k];
  }
  return y;
}

std::vector<double> ReferenceNetwork::norm(const std::string& name, const std::vector<double>& x) const {
  double squares = 0;
  for (const double value : x) squares += value * value;
  const double factor = 1 / std::sqrt(squares / static_cast<double>(x.size()) + options_.config.rms_norm_eps);
  std::vector<double> y(x);
  for (size_t i = 0; i < x.size(); ++i) y[i] *= factor * values_.at(name)[i];
  return y;
}

void ReferenceNetwork::rotate(std::vector<double>& x, size_t position) const {
  const auto dim = static_cast<size_t>(options_.config.head_dim), half = dim / 2;
  for (size_t head = 0; head < x.size(); head += dim) {
    for (size_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(position) *
                           std::pow(options_.config.rope_theta, -static_cast<double>(i) / static_cast<double>(half));
      const double lower = x[head + i], upper = x[head + half + i];
      x[head + i] = lower * std::cos(angle) - upper * std::sin(angle);
      x[head + half + i] = upper * std::cos(angle) + lower * std::sin(angle);
    }
  }
}

void ReferenceNetwork::run_layer(const TrainSample& sample, const std::vector<Token>& tokens, size_t number,
                                 Matrix& x) const {
  const std::string prefix = "model.layers." + std::to_string(number) + ".";
  const auto dim = static_cast<size_t>(options_.config.head_dim);
  const auto heads = static_cast<size_t>(options_.config.num_attention_heads);
  const size_t group = heads / static_cast<size_t>(options_.config.num_key_value_heads);
  const double decay = std::pow(options_.residual_decay, static_cast<double>(number));
  Matrix q, k, v;
  for (size_t t = 0; t < tokens.size(); ++t) {
    for (double& value : x[t]) value *= decay;
    const std::vector<double> normed = norm(prefix + "input_layernorm.weight", x[t]);
    q.push_back(product(prefix + "self_attn.q_proj.weight", normed));
    k.push_back(product(prefix + "self_attn.k_proj.weight", normed));
    v.push_back(product(prefix + "self_attn.v_proj.weight", normed));
    rotate(q.back(), tokens[t].place);
    rotate(k.back(), tokens[t].place);
  }
  const bool is_row_layer = number < static_cast<size_t>(options_.config.row_layers);
  for (size_t t = 0; t < tokens.size(); ++t) {
    std::vector<double> attended(heads * dim);
    for (size_t head = 0; head < heads; ++head) {
      std::vector<double> weights(tokens.size());
      double total = 0;
      for (size_t key = 0; key < tokens.size(); ++key) {
        if (!sees(sample, tokens[t], tokens[key], is_row_layer)) continue;
        double score = 0;
        for (size_t i = 0; i < dim; ++i) score += q[t][head * dim + i] * k[key][head / group * dim + i];
        total += weights[key] = std::exp(score / std::sqrt(static_cast<double>(dim)));
      }
      for (size_t key = 0; key < tokens.size() && total > 0; ++key) {
        for (size_t i = 0; i < dim; ++i) {
          attended[head * dim + i] += weights[key] / total * v[key][head / group * dim + i];
        }
      }
    }
    const std::vector<double> projected = product(prefix + "self_attn.o_proj.weight", attended);
    for (size_t i = 0; i < x[t].size(); ++i) x[t][i] += projected[i];
    const std::vector<double> normed = norm(prefix + "post_attention_layernorm.weight", x[t]);
    std::vector<double> hidden = product(prefix + "mlp.gate_proj.weight", normed);
    const std::vector<double> up = product(prefix + "mlp.up_proj.weight", normed);
    for (size_t i = 0; i < hidden.size(); ++i) hidden[i] *= up[i] / (1 + std::exp(-hidden[i]));
    const std::vector<double> down = product(prefix + "mlp.down_proj.weight", hidden);
    for (size_t i = 0; i < x[t].size(); ++i) x[t][i] += down[i];
  }
}

std::vector<double> ReferenceNetwork::number_logits(const std::vector<double>& x) const {
  std::vector<double> logits;
  for (TokenId code = 0; code < 1000; ++code) {
    std::vector<double> vector(x.size());
    add_smooth("targets.weight", code, vector);
    logits.push_back(std::inner_product(x.begin(), x.end(), vector.begin(), 0.0));
  }
  return logits;
}

double ReferenceNetwork::loss(const TrainSample& sample) const {
  const std::vector<Token> tokens = tokens_of(sample);
  Matrix x;
  for (const Token& token : tokens) x.push_back(embed(sample, token));
  for (size_t number = 0; number < static_cast<size_t>(options_.config.num_hidden_layers); ++number) {
    run_layer(sample, tokens, number, x);
  }
  const bool is_typed = options_.config.typed.has_value();
  const TokenId first_target = sample.tokens[sample.num_features + 1];
  const bool is_number = is_typed && first_target < 3000;
  const TokenId first_answer = is_number ? 2000 : is_typed ? 3000 : 1000;
  const auto label_of = [&](size_t row) {
    return static_cast<size_t>(sample.tokens[(row + 1) * sample.row_tokens() - 1] - first_answer);
  };
  std::set<size_t> allowed;
  for (size_t k = 0; k < (is_number ? 1000 : 10) && (is_number || options_.all_labels); ++k) allowed.insert(k);
  for (size_t row = 0; row < sample.num_labelled; ++row) allowed.insert(label_of(row));
  double sum = 0;
  for (size_t t = 0; t < tokens.size(); ++t) {
    const size_t row = tokens[t].row;
    if (tokens[t].place != sample.num_features) continue;
    if (row < sample.num_labelled ? options_.loss != LossMode::kDense : !allowed.contains(label_of(row))) continue;
    std::vector<double> normed = norm("model.norm.weight", x[t]);
    const std::vector<double> logits = is_number ? number_logits(normed) : product("tokens.weight", normed);
    double total = 0;
    for (const size_t k : allowed) total += std::exp(logits[k]);
    sum += std::log(total) - logits[label_of(row)] - (is_number ? std::log(120.0) : 0);
  }
  return sum;
}

}  // namespace manyshot::train
