#include "model/language/dense_decoder.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace manyshot {
namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

Matrix read(const TensorSource& source, const std::string& name) {
  const std::vector<uint64_t> shape = source.shape(name);
  const uint64_t rows = shape.size() == 2 ? shape[0] : 1;
  std::vector<float> values(rows * shape.back());
  source.read_rows(name, 0, rows, values);
  Matrix matrix;
  for (uint64_t row = 0; row < rows; ++row) {
    const float* first = values.data() + row * shape.back();
    matrix.emplace_back(first, first + shape.back());
  }
  return matrix;
}

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Vector times(const Matrix& weight, const Vector& x) {
  Vector out;
  for (const Vector& row : weight) out.push_back(dot(row, x));
  return out;
}

void add(Vector& to, const Vector& x) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += x[i];
}

Vector rms_norm(const Vector& x, const Vector& gain, double epsilon) {
  const double factor = 1 / std::sqrt(dot(x, x) / static_cast<double>(x.size()) + epsilon);
  Vector out;
  for (size_t i = 0; i < x.size(); ++i) out.push_back(x[i] * factor * gain[i]);
  return out;
}

// Written from the papers' formulas, in double.
double frequency(const LanguageModelConfig& config, size_t i) {
  const RopeScaling& scaling = config.rope_scaling;
  const double plain = std::pow(config.rope_theta, -2.0 * static_cast<double>(i) / config.head_dim);
  const double turns =
      scaling.original_max_position_embeddings * plain / (2 * std::numbers::pi);  // in the original context
  switch (scaling.type) {
    case RopeScaling::Type::kNone:
      return plain;
    case RopeScaling::Type::kLinear:
      return plain / scaling.factor;
    case RopeScaling::Type::kLlama3: {
      const double share = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
      const double kept = std::clamp(share, 0.0, 1.0);
      return kept * plain + (1 - kept) * plain / scaling.factor;
    }
    case RopeScaling::Type::kYarn: {
      const auto dimension = [&](double rotations) {
        return config.head_dim *
               std::log(scaling.original_max_position_embeddings / (2 * std::numbers::pi * rotations)) /
               (2 * std::log(config.rope_theta));
      };
      const double low = std::max(0.0, std::floor(dimension(scaling.beta_fast)));
      const double high = std::min(config.head_dim - 1.0, std::ceil(dimension(scaling.beta_slow)));
      const double scaled = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
      return scaled * plain / scaling.factor + (1 - scaled) * plain;
    }
    case RopeScaling::Type::kFactors:
      return plain / scaling.frequency_factors[i];
  }
  return plain;
}

double attention_factor(const RopeScaling& scaling) {
  if (scaling.type != RopeScaling::Type::kYarn) return 1;
  return scaling.attention_factor.value_or(0.1 * std::log(scaling.factor) + 1);
}

// One head of `x` at `position`, cut out and turned.
Vector rotated_head(const LanguageModelConfig& config, const Vector& x, size_t head, size_t position) {
  const auto head_dim = static_cast<size_t>(config.head_dim), half = head_dim / 2;
  const double* in = x.data() + head * head_dim;
  Vector out(head_dim);
  for (size_t i = 0; i < half; ++i) {
    const double angle = static_cast<double>(position) * frequency(config, i),
                 factor = attention_factor(config.rope_scaling);
    out[i] = factor * (in[i] * std::cos(angle) - in[half + i] * std::sin(angle));
    out[half + i] = factor * (in[half + i] * std::cos(angle) + in[i] * std::sin(angle));
  }
  return out;
}

Vector softmax(Vector x) {
  const double highest = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (double& value : x) sum += value = std::exp(value - highest);
  for (double& value : x) value /= sum;
  return x;
}

Matrix attention(const LanguageModelConfig& config, const Matrix& q, const Matrix& k, const Matrix& v) {
  const auto head_dim = static_cast<size_t>(config.head_dim), heads = static_cast<size_t>(config.num_attention_heads);
  const size_t group = heads / static_cast<size_t>(config.num_key_value_heads);
  Matrix out(q.size(), Vector(heads * head_dim));
  for (size_t head = 0; head < heads; ++head) {
    Matrix keys;
    for (size_t token = 0; token < q.size(); ++token) {
      keys.push_back(rotated_head(config, k[token], head / group, token));
      const Vector query = rotated_head(config, q[token], head, token);
      Vector scores;
      for (const Vector& key : keys) scores.push_back(dot(query, key) / std::sqrt(config.head_dim));
      const Vector weights = softmax(scores);
      for (size_t seen = 0; seen <= token; ++seen) {
        for (size_t i = 0; i < head_dim; ++i) {
          out[token][head * head_dim + i] += weights[seen] * v[seen][head / group * head_dim + i];
        }
      }
    }
  }
  return out;
}

Matrix projected(const TensorSource& source, const std::string& name, const Matrix& x) {
  const Matrix weight = read(source, name + ".weight");
  Matrix out;
  for (const Vector& row : x) {
    out.push_back(times(weight, row));
    if (source.contains(name + ".bias")) add(out.back(), read(source, name + ".bias")[0]);
  }
  return out;
}

Vector swiglu(const Vector& gate, const Vector& up) {
  Vector out;
  for (size_t i = 0; i < gate.size(); ++i) out.push_back(gate[i] / (1 + std::exp(-gate[i])) * up[i]);
  return out;
}

}  // namespace

std::vector<std::vector<double>> dense_log_probs(const TensorSource& source, const std::vector<TokenId>& tokens) {
  const LanguageModelConfig& config = source.config();
  const Matrix embedding = read(source, "model.embed_tokens.weight");
  Matrix x;
  for (TokenId token : tokens) x.push_back(embedding[static_cast<size_t>(token)]);
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".", self = prefix + "self_attn.";
    const auto normed = [&](const std::string& name) {
      const Vector gain = read(source, prefix + name + ".weight")[0];
      Matrix out;
      for (const Vector& row : x) out.push_back(rms_norm(row, gain, config.rms_norm_eps));
      return out;
    };
    const Matrix in = normed("input_layernorm");
    const Matrix attended = attention(config, projected(source, self + "q_proj", in),
                                      projected(source, self + "k_proj", in), projected(source, self + "v_proj", in));
    const Matrix o = projected(source, self + "o_proj", attended);
    for (size_t token = 0; token < x.size(); ++token) add(x[token], o[token]);
    const Matrix mlp_in = normed("post_attention_layernorm");
    const Matrix gate = projected(source, prefix + "mlp.gate_proj", mlp_in),
                 up = projected(source, prefix + "mlp.up_proj", mlp_in);
    Matrix hidden;
    for (size_t token = 0; token < x.size(); ++token) hidden.push_back(swiglu(gate[token], up[token]));
    const Matrix down = projected(source, prefix + "mlp.down_proj", hidden);
    for (size_t token = 0; token < x.size(); ++token) add(x[token], down[token]);
  }
  const Matrix head = config.tie_word_embeddings ? embedding : read(source, "lm_head.weight");
  const Vector gain = read(source, "model.norm.weight")[0];
  Matrix log_probs;
  for (const Vector& row : x) {
    log_probs.push_back(softmax(times(head, rms_norm(row, gain, config.rms_norm_eps))));
    for (double& value : log_probs.back()) value = std::log(value);
  }
  return log_probs;
}

}  // namespace manyshot
