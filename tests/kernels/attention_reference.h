// Attention and its gradient in double, one query and key at a time: what the training kernels must compute.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "kernels/attention.h"

namespace manyshot::kernels {

struct ReferenceAttention {
  std::vector<double> out, dq, dk, dv;
};

// q and dout [num_queries, query_width], k and v [num_keys, key_width]; `sees` says which keys a query reads.
inline ReferenceAttention reference_attention(const AttentionShape& shape, const std::vector<float>& q,
                                              const std::vector<float>& k, const std::vector<float>& v,
                                              const std::vector<float>& dout,
                                              const std::function<bool(size_t query, size_t key)>& sees) {
  const size_t dim = shape.head_dim, group = shape.num_heads / shape.num_kv_heads;
  const size_t width = shape.query_width(), kv_width = shape.key_width();
  ReferenceAttention r{std::vector<double>(q.size()), std::vector<double>(q.size()), std::vector<double>(k.size()),
                       std::vector<double>(v.size())};
  const size_t num_keys = k.size() / kv_width;
  for (size_t query = 0; query < q.size() / width; ++query) {
    for (size_t head = 0; head < shape.num_heads; ++head) {
      const size_t at = query * width + head * dim, kv = head / group * dim;
      std::vector<double> weights(num_keys), dweights(num_keys);
      double total = 0, mean = 0;
      for (size_t key = 0; key < num_keys; ++key) {
        if (!sees(query, key)) continue;
        double score = 0;
        for (size_t i = 0; i < dim; ++i) score += static_cast<double>(q[at + i]) * k[key * kv_width + kv + i];
        total += weights[key] = std::exp(score);
      }
      for (size_t key = 0; key < num_keys; ++key) {
        weights[key] /= total;
        for (size_t i = 0; i < dim; ++i) {
          const double value = v[key * kv_width + kv + i];
          r.out[at + i] += weights[key] * value;
          dweights[key] += dout[at + i] * value;
          r.dv[key * kv_width + kv + i] += weights[key] * dout[at + i];
        }
        mean += weights[key] * dweights[key];
      }
      for (size_t key = 0; key < num_keys; ++key) {
        const double dscore = weights[key] * (dweights[key] - mean);
        for (size_t i = 0; i < dim; ++i) {
          r.dq[at + i] += dscore * k[key * kv_width + kv + i];
          r.dk[key * kv_width + kv + i] += dscore * q[at + i];
        }
      }
    }
  }
  return r;
}

}  // namespace manyshot::kernels
