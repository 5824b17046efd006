// The `compact` decoder in plain tensor operations: one flat sequence of all context rows and queries, f32, explicit
// position ids and dense masks. Slow and simple on purpose: it says what the masks mean, and the fused decoder is
// tested against it.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>

#include "core/error.h"
#include "model/compact/compact_prompt.h"
#include "model/decoder/shape.h"
#include "model/torch/library.h"

namespace manyshot {
namespace {

using at::Tensor;

Tensor tensor(const std::vector<float>& values, at::IntArrayRef shape) {
  return at::from_blob(const_cast<float*>(values.data()), shape, at::kFloat).clone();
}

Tensor indices(const std::vector<int64_t>& values) {
  return at::from_blob(const_cast<int64_t*>(values.data()), {static_cast<int64_t>(values.size())}, at::kLong).clone();
}

struct Layer {
  Tensor input_norm, post_attention_norm, q, k, v, o, gate, up, down;
};

// Where each of T tokens stands.
struct Sequence {
  std::vector<TokenSum> token;
  std::vector<int64_t> position, row;                // queries are rows behind the context
  std::vector<bool> is_summary, is_label, is_query;  // summary: the bar or a label

  int64_t size() const { return static_cast<int64_t>(token.size()); }

  void add_row(const ModelConfig& config, std::span<const TokenId> tokens, size_t num_features, bool query) {
    const int64_t next_row = row.empty() ? 0 : row.back() + 1;
    for (size_t place = 0; place < tokens.size(); ++place) {
      token.push_back(token_sum(config, tokens[place], place, num_features));
      is_summary.push_back(place >= num_features);
      position.push_back(static_cast<int64_t>(place));
      row.push_back(next_row);
      is_label.push_back(place == num_features + 1);
      is_query.push_back(query);
    }
  }
};

// [T, T]: may token t read token s?
Tensor mask(const Sequence& sequence, bool is_row_layer) {
  const int64_t T = sequence.size();
  Tensor allowed = at::zeros({T, T}, at::kBool);
  auto sees = allowed.accessor<bool, 2>();
  for (int64_t t = 0; t < T; ++t) {
    for (int64_t s = 0; s <= t; ++s) {
      const bool own_row = sequence.row[s] == sequence.row[t];
      const bool earlier_label = sequence.is_label[s] && sequence.row[s] < sequence.row[t];
      sees[t][s] =
          is_row_layer ? own_row : sequence.is_summary[s] && sequence.is_summary[t] && (own_row || earlier_label);
    }
    sees[t][t] = true;  // values in in-context layers: nobody reads them, but softmax wants a key
  }
  return allowed;
}

class ReferenceNetwork {
 public:
  ReferenceNetwork(const ModelConfig& config, const Weights& weights) : config_(config) {
    const DecoderShape shape(config);
    const auto D = static_cast<int64_t>(shape.D), I = static_cast<int64_t>(shape.intermediate),
               queries = static_cast<int64_t>(shape.query_width()), keys = static_cast<int64_t>(shape.key_width());
    embedding_ = tensor(weights.embedding, {config.vocab_size, D});
    final_norm_ = tensor(weights.final_norm, {D});
    for (const LayerWeights& w : weights.layers) {
      layers_.push_back({tensor(w.input_norm, {D}), tensor(w.post_attention_norm, {D}), tensor(w.q_proj, {queries, D}),
                         tensor(w.k_proj, {keys, D}), tensor(w.v_proj, {keys, D}), tensor(w.o_proj, {D, queries}),
                         tensor(w.gate_proj, {I, D}), tensor(w.up_proj, {I, D}), tensor(w.down_proj, {D, I})});
    }
  }

  const ModelConfig& config() const { return config_; }

  // Logits [T, answers] at every token of the sequence.
  Tensor logits(const Sequence& sequence, const TokenRange& answers) const {
    const c10::InferenceMode no_gradients;
    Tensor x = embed(sequence);
    const Tensor position = indices(sequence.position);
    const Tensor row_mask = mask(sequence, true), context_mask = mask(sequence, false);
    for (size_t i = 0; i < layers_.size(); ++i) {
      const Layer& layer = layers_[i];
      const bool is_row_layer = static_cast<int>(i) < config_.row_layers;
      x = x + attention(layer, norm(x, layer.input_norm), position, is_row_layer ? row_mask : context_mask);
      const Tensor h = norm(x, layer.post_attention_norm);
      x = x + at::linear(at::silu(at::linear(h, layer.gate)) * at::linear(h, layer.up), layer.down);
    }
    return at::linear(norm(x, final_norm_), embedding_.slice(0, answers.first, answers.last + 1)).contiguous();
  }

 private:
  Tensor embed(const Sequence& sequence) const {
    Tensor x = at::zeros({sequence.size(), config_.hidden_size});
    for (int64_t t = 0; t < sequence.size(); ++t) {
      const TokenSum& sum = sequence.token[t];
      for (const TokenId token : {sum.first, sum.second, sum.column}) {
        if (token >= 0) x[t] += embedding_[token];
      }
    }
    return x;
  }

  Tensor norm(const Tensor& x, const Tensor& gain) const {
    return x * at::rsqrt(x.pow(2).mean(-1, /*keepdim=*/true) + config_.rms_norm_eps) * gain;
  }

  // x [H, T, head_dim], halves rotated against each other.
  Tensor rotate(const Tensor& x, const Tensor& position) const {
    const int64_t half = config_.head_dim / 2;
    const Tensor frequency = at::pow(config_.rope_theta, -at::arange(half, at::kDouble) / static_cast<double>(half));
    const Tensor angle = at::outer(position.to(at::kDouble), frequency);
    const Tensor cosine = at::cos(angle).to(at::kFloat), sine = at::sin(angle).to(at::kFloat);
    const Tensor a = x.slice(-1, 0, half), b = x.slice(-1, half);
    return at::cat({a * cosine - b * sine, b * cosine + a * sine}, -1);
  }

  Tensor attention(const Layer& layer, const Tensor& h, const Tensor& position, const Tensor& allowed) const {
    const int64_t T = h.size(0), H = config_.num_attention_heads, H_kv = config_.num_key_value_heads;
    const auto heads = [&](const Tensor& projected, int64_t count) {
      return projected.view({T, count, config_.head_dim}).transpose(0, 1).repeat_interleave(H / count, 0);
    };
    const Tensor q = rotate(heads(at::linear(h, layer.q), H), position);
    const Tensor k = rotate(heads(at::linear(h, layer.k), H_kv), position);
    const Tensor v = heads(at::linear(h, layer.v), H_kv);
    const Tensor scores = at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(config_.head_dim));
    const Tensor weights = at::softmax(scores.masked_fill(at::logical_not(allowed), -INFINITY), -1);
    return at::linear(at::matmul(weights, v).transpose(0, 1).reshape({T, H * config_.head_dim}), layer.o);
  }

  ModelConfig config_;
  Tensor embedding_, final_norm_;
  std::vector<Layer> layers_;
};

class ReferenceContext : public EncodedContext {
 public:
  ReferenceContext(std::shared_ptr<const ReferenceNetwork> network, const Prompt& prompt)
      : network_(std::move(network)),
        num_features_(prompt.num_features),
        range_(answer_range(network_->config(), prompt)),
        answers_(prompt_answers(network_->config(), prompt).places) {
    const size_t row_tokens = context_row_tokens(num_features_);
    for (size_t row = 0; row < prompt.num_shots(); ++row) {
      context_.add_row(network_->config(), std::span(prompt.context).subspan(row * row_tokens, row_tokens),
                       num_features_, /*query=*/false);
    }
  }

  void score(const QueryTokens& queries, std::span<float> log_likelihoods) const override {
    check_queries(network_->config(), num_features_, queries);
    if (queries.size() == 0) return;
    Sequence sequence = context_;
    for (size_t query = 0; query < queries.size(); ++query)
      sequence.add_row(network_->config(), queries[query], num_features_, /*query=*/true);
    read_bars(sequence, /*query=*/true, log_likelihoods);
  }

  std::vector<float> prequential() const override {
    std::vector<float> out(static_cast<size_t>(context_.row.back() + 1) * answers_.size());
    read_bars(context_, /*query=*/false, out);
    return out;
  }

 private:
  // Answers at the bars of queries, or of context rows.
  void read_bars(const Sequence& sequence, bool query, std::span<float> out) const {
    const Tensor logits = network_->logits(sequence, range_);
    const size_t width = static_cast<size_t>(logits.size(1));
    size_t next = 0;
    for (int64_t t = 0; t < sequence.size(); ++t) {
      if (!sequence.is_summary[t] || sequence.is_label[t] || sequence.is_query[t] != query) continue;
      const float* row = logits.data_ptr<float>() + static_cast<size_t>(t) * width;
      answer_log_likelihoods({row, width}, answers_, out.subspan(next, answers_.size()));
      next += answers_.size();
    }
  }

  std::shared_ptr<const ReferenceNetwork> network_;
  size_t num_features_;
  TokenRange range_;
  std::vector<int> answers_;
  Sequence context_;
};

class ReferenceDecoder : public Model {
 public:
  ReferenceDecoder(const std::string& path, const ModelConfig& config, const Weights& weights)
      : network_(std::make_shared<ReferenceNetwork>(config, weights)), info_(compact_model_info(config)) {
    info_.path = path;
    info_.engine = "reference";
    info_.num_parameters = weights.num_parameters;
  }

  const ModelInfo& info() const override { return info_; }

  std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const override {
    check_context(network_->config(), prompt);
    return std::make_unique<ReferenceContext>(network_, prompt);
  }

 private:
  std::shared_ptr<const ReferenceNetwork> network_;
  ModelInfo info_;
};

}  // namespace
}  // namespace manyshot

extern "C" std::unique_ptr<manyshot::Model> manyshot_make_reference_decoder(const std::string& path,
                                                                            const manyshot::ModelConfig& config,
                                                                            const manyshot::Weights& weights) {
  return std::make_unique<manyshot::ReferenceDecoder>(path, config, weights);
}
