#include "kernels/scalar.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/tile_attention.h"

namespace manyshot::kernels::scalar {
namespace {

void put(float* c, double sum, Store store) {
  *c = store == Store::kAdd ? *c + static_cast<float>(sum) : static_cast<float>(sum);
}

using KeyValue = std::pair<const float*, const float*>;  // one key and its value, in one head

void attend(const float* q, const std::vector<KeyValue>& seen, size_t head_dim, float* out) {
  std::vector<double> weights;
  for (const auto& [key, value] : seen) {
    double score = 0;
    for (size_t i = 0; i < head_dim; ++i) score += static_cast<double>(q[i]) * key[i];
    weights.push_back(score);
  }
  const double highest = *std::max_element(weights.begin(), weights.end());
  double total = 0;
  for (double& weight : weights) total += weight = std::exp(weight - highest);
  for (size_t i = 0; i < head_dim; ++i) {
    double sum = 0;
    for (size_t key = 0; key < seen.size(); ++key) sum += weights[key] * seen[key].second[i];
    out[i] = static_cast<float>(sum / total);
  }
}

}  // namespace

void gemm(Rows<const float> a, size_t M, const Panels<float>& b, Rows<float> c, Store store) {
  for (size_t row = 0; row < M; ++row) {
    for (size_t column = 0; column < b.num_panels * kPanelWidth; ++column) {
      const float* b_column = b.data + column / kPanelWidth * b.panel_stride + column % kPanelWidth;
      float sum = 0;
      for (size_t k = 0; k < b.num_rows; ++k) sum = std::fma(a[row][k], b_column[k * b.row_stride], sum);
      put(c[row] + column, sum, store);
    }
  }
}

void gemm(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b, Rows<float> c, Store store) {
  for (size_t row = 0; row < M; ++row) {
    for (size_t column = 0; column < b.num_panels * kPanelWidth; ++column) {
      const BFloat16* b_column = b.data + column / kPanelWidth * b.panel_stride + column % kPanelWidth * 2;
      double sum = 0;
      for (size_t k = 0; k < b.num_rows; ++k) {
        sum += static_cast<double>(float(a[row][k])) * float(b_column[k / 2 * 2 * kPanelWidth + k % 2]);
      }
      put(c[row] + column, sum, store);
    }
  }
}

void rms_norm(const RmsNorm& norm, Rows<const float> x, size_t M, Rows<float> out) {
  for (size_t row = 0; row < M; ++row) {
    double squares = 0;
    for (size_t i = 0; i < norm.width; ++i) squares += std::pow(static_cast<double>(x[row][i]), 2);
    const double factor = 1 / std::sqrt(squares / static_cast<double>(norm.width) + norm.epsilon);
    for (size_t i = 0; i < norm.width; ++i) out[row][i] = static_cast<float>(x[row][i] * factor * norm.gain[i]);
  }
}

void rotate(const Rotation& rotation, Rows<float> x, size_t M, size_t num_heads, Positions positions, float scale) {
  const size_t half = rotation.head_dim / 2;
  for (size_t row = 0; row < M; ++row) {
    const size_t angle = positions.of(row) * half;
    for (size_t head = 0; head < num_heads; ++head) {
      float* values = x[row] + head * rotation.head_dim;
      for (size_t i = 0; i < half; ++i) {
        const float cosine = rotation.cosines[angle + i], sine = rotation.sines[angle + i];
        const float lower = values[i], upper = values[half + i];
        values[i] = (lower * cosine - upper * sine) * scale;
        values[half + i] = (upper * cosine + lower * sine) * scale;
      }
    }
  }
}

void silu_mul(const GateUp<const float>& in, size_t M, size_t width, Rows<float> out) {
  for (size_t row = 0; row < M; ++row) {
    for (size_t i = 0; i < width; ++i) {
      const double g = in.gate[row * in.stride + i];
      out[row][i] = static_cast<float>(g / (1 + std::exp(-g)) * in.up[row * in.stride + i]);
    }
  }
}

void row_attention(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                   Rows<float> out) {
  for (size_t query = 0; query < num_tokens - first_query; ++query) {
    for (size_t head = 0; head < shape.num_heads; ++head) {
      const size_t kv_at = head / (shape.num_heads / shape.num_kv_heads) * shape.head_dim;
      std::vector<KeyValue> seen;
      for (size_t token = 0; token <= first_query + query; ++token) {
        seen.emplace_back(in.k + token * in.kv_stride + kv_at, in.v + token * in.kv_stride + kv_at);
      }
      attend(in.q + query * in.q_stride + head * shape.head_dim, seen, shape.head_dim,
             out[query] + head * shape.head_dim);
    }
  }
}

void context_attention(const AttentionShape& shape, const Labels& labels, const AttentionInput& in,
                       const ContextTokens& tokens, Rows<float> out) {
  for (size_t token = 0; token < tokens.num_tokens; ++token) {
    for (size_t head = 0; head < shape.num_heads; ++head) {
      const size_t kv_at = head / (shape.num_heads / shape.num_kv_heads) * shape.head_dim;
      std::vector<KeyValue> seen;
      for (size_t label = 0; label < tokens.visible_labels(token, labels.count); ++label) {
        const size_t at = label * shape.key_width() + kv_at;
        seen.emplace_back(labels.keys + at, labels.values + at);
      }
      for (size_t own = token - token % tokens.tokens_per_row; own <= token; ++own) {
        seen.emplace_back(in.k + own * in.kv_stride + kv_at, in.v + own * in.kv_stride + kv_at);
      }
      attend(in.q + token * in.q_stride + head * shape.head_dim, seen, shape.head_dim,
             out[token] + head * shape.head_dim);
    }
  }
}

void tiled_attention(const float* queries, size_t head_dim, const float* keys, const float* values,
                     std::span<const size_t> visible, float* out) {
  std::vector<float> query(head_dim);
  for (size_t row = 0; row < visible.size(); ++row) {
    for (size_t i = 0; i < head_dim; ++i) query[i] = queries[row * head_dim + i] / kQueryScaleBase;
    std::vector<KeyValue> seen;
    for (size_t key = 0; key < visible[row]; ++key) seen.emplace_back(keys + key * head_dim, values + key * head_dim);
    attend(query.data(), seen, head_dim, out + row * head_dim);
  }
}

ExpSum exp_sum(const float* logits, size_t count) {
  const float largest = *std::max_element(logits, logits + count);
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += std::exp(static_cast<double>(logits[i]) - largest);
  return {largest, static_cast<float>(sum)};
}

}  // namespace manyshot::kernels::scalar
