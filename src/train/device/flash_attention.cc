#include "train/device/flash_attention.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace manyshot::train {
namespace {

using at::Tensor;

// Rows [first, end) of x [T, H, d] as one batch [1, H, rows, d]; key heads repeated for the query heads that share
// them.
Tensor sequence_of(const Tensor& x, int32_t first, int32_t end, int64_t repeats) {
  const Tensor heads = x.slice(0, first, end).transpose(0, 1);
  return (repeats == 1 ? heads : heads.repeat_interleave(repeats, 0)).unsqueeze(0).contiguous();
}

// [1, H, rows, d] back to [rows, H / repeats, d], repeated heads added up.
Tensor rows_of(const Tensor& x, int64_t repeats) {
  Tensor heads = x.squeeze(0);
  if (repeats > 1) heads = heads.view({heads.size(0) / repeats, repeats, heads.size(1), heads.size(2)}).sum(1);
  return heads.transpose(0, 1);
}

// Calls work(first query, end, first key, end) for every sequence that has queries.
template <class Work>
void for_sequences(const SequenceLengths& lengths, const Work& work) {
  for (size_t i = 0; i + 1 < lengths.query_end.size(); ++i) {
    if (lengths.query_end[i] == lengths.query_end[i + 1]) continue;
    work(lengths.query_end[i], lengths.query_end[i + 1], lengths.key_end[i], lengths.key_end[i + 1]);
  }
}

FlashResult on_cpu(const Tensor& q, const Tensor& k, const Tensor& v, const SequenceLengths& lengths, bool is_causal,
                   double scale) {
  FlashResult result{.out = at::empty_like(q), .log_sum = at::empty({q.size(0), q.size(1)}, at::kFloat)};
  const int64_t repeats = q.size(1) / k.size(1);
  for_sequences(lengths, [&](int32_t q0, int32_t q1, int32_t k0, int32_t k1) {
    const auto [out, log_sum] =
        at::_scaled_dot_product_flash_attention_for_cpu(sequence_of(q, q0, q1, 1), sequence_of(k, k0, k1, repeats),
                                                        sequence_of(v, k0, k1, repeats), 0.0, is_causal, {}, scale);
    result.out.slice(0, q0, q1).copy_(rows_of(out, 1));
    result.log_sum.slice(0, q0, q1).copy_(log_sum.squeeze(0).transpose(0, 1));
  });
  return result;
}

FlashGradient gradient_on_cpu(const Tensor& out_gradient, const Tensor& q, const Tensor& k, const Tensor& v,
                              const FlashResult& result, const SequenceLengths& lengths, bool is_causal, double scale) {
  FlashGradient gradient{.q = at::zeros_like(q), .k = at::zeros_like(k), .v = at::zeros_like(v)};
  const int64_t repeats = q.size(1) / k.size(1);
  for_sequences(lengths, [&](int32_t q0, int32_t q1, int32_t k0, int32_t k1) {
    const Tensor log_sum = result.log_sum.slice(0, q0, q1).transpose(0, 1).unsqueeze(0).contiguous();
    const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        sequence_of(out_gradient, q0, q1, 1), sequence_of(q, q0, q1, 1), sequence_of(k, k0, k1, repeats),
        sequence_of(v, k0, k1, repeats), sequence_of(result.out, q0, q1, 1), log_sum, 0.0, is_causal, {}, scale);
    gradient.q.slice(0, q0, q1).copy_(rows_of(dq, 1));
    gradient.k.slice(0, k0, k1).copy_(rows_of(dk, repeats));
    gradient.v.slice(0, k0, k1).copy_(rows_of(dv, repeats));
  });
  return gradient;
}

}  // namespace

FlashResult flash_attention(const Tensor& q, const Tensor& k, const Tensor& v, const SequenceLengths& lengths,
                            bool is_causal, double scale) {
  if (q.is_cpu()) return on_cpu(q, k, v, lengths, is_causal, scale);
  auto [out, log_sum, state, unused, mask] =
      at::_flash_attention_forward(q, k, v, lengths.device_query_end, lengths.device_key_end, lengths.most_queries,
                                   lengths.most_keys, 0.0, is_causal,
                                   /*return_debug_mask=*/false, scale);
  if (log_sum.dim() != 2) fail(ErrorKind::kInternal, "flash attention gives log-sums of {} dimensions", log_sum.dim());
  return {.out = out, .log_sum = log_sum.transpose(0, 1), .state = state, .unused = unused};
}

FlashGradient flash_attention_gradient(const Tensor& out_gradient, const Tensor& q, const Tensor& k, const Tensor& v,
                                       const FlashResult& result, const SequenceLengths& lengths, bool is_causal,
                                       double scale) {
  if (q.is_cpu()) return gradient_on_cpu(out_gradient, q, k, v, result, lengths, is_causal, scale);
  auto [dq, dk, dv] =
      at::_flash_attention_backward(out_gradient, q, k, v, result.out, result.log_sum.transpose(0, 1).contiguous(),
                                    lengths.device_query_end, lengths.device_key_end, lengths.most_queries,
                                    lengths.most_keys, 0.0, is_causal, result.state, result.unused, scale);
  return {.q = dq, .k = dk, .v = dv};
}

}  // namespace manyshot::train
