// Attention that keeps no weights, over sequences of several lengths side by side: libtorch's flash attention, on a GPU
// in one call, on the CPU for sequences of one length together.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace manyshot::train {

// B sequences of queries, each with its keys.
struct SequenceLengths {
  std::vector<int32_t> query_end, key_end;      // [B + 1] cumulative, from 0
  at::Tensor device_query_end, device_key_end;  // the same, int32, where the queries are
  int64_t most_queries = 0, most_keys = 0;      // of one sequence
};

struct FlashResult {
  at::Tensor out;            // [queries, H, d]
  at::Tensor log_sum;        // [queries, H] f32, of the exponentials of the scores
  at::Tensor state, unused;  // of the device's kernel, for the gradient
};

// q [queries, H, d], k and v [keys, H_kv, d]; H is a multiple of H_kv. `is_causal`: the last query of a sequence sees
// all its keys, the one before it all but the last, and so on. Scores are scaled by `scale`. On a GPU bf16 only, and at
// most 65,535 sequences.
FlashResult flash_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const SequenceLengths& lengths, bool is_causal, double scale);

struct FlashGradient {
  at::Tensor q, k, v;
};
// `result.out` and `result.log_sum` may be those of more keys than these: then it is these keys' share of the gradient
// (a weight is exp(score - log_sum), whoever else took part in the sum).
FlashGradient flash_attention_gradient(const at::Tensor& out_gradient, const at::Tensor& q, const at::Tensor& k,
                                       const at::Tensor& v, const FlashResult& result, const SequenceLengths& lengths,
                                       bool is_causal, double scale);

}  // namespace manyshot::train
