#include "train/device/flash_attention.h"

#include <ATen/ATen.h>

#include <limits>
#include <optional>

#include "core/error.h"

namespace manyshot::train {
namespace {

using at::Tensor;

// Sequences of one length that follow each other.
struct Run {
  int64_t count;
  int64_t first_query, first_key;  // of the first one
  int64_t num_queries, num_keys;   // of each

  // Of x [T, H, d] as one batch [count, H, length, d]; key heads repeated for the query heads that share them.
  Tensor queries(const Tensor& x) const { return batch(x, first_query, num_queries, 1); }
  Tensor keys(const Tensor& x, int64_t repeats) const { return batch(x, first_key, num_keys, repeats); }
  // Takes a batch [count, H, length, d] back, repeated heads added up.
  void put_queries(const Tensor& of_run, const Tensor& x) const { put(of_run, x, first_query, num_queries, 1); }
  void put_keys(const Tensor& of_run, const Tensor& x, int64_t repeats) const {
    put(of_run, x, first_key, num_keys, repeats);
  }
  // The same of log_sum [T, H] and a batch [count, H, length].
  Tensor log_sums(const Tensor& log_sum) const { return queries(log_sum.unsqueeze(-1)).squeeze(-1); }
  void put_log_sums(const Tensor& of_run, const Tensor& log_sum) const {
    put_queries(of_run.unsqueeze(-1), log_sum.unsqueeze(-1));
  }

  // What hides keys, added to the scores: [queries, keys], or nothing where `causal` says enough.
  std::optional<Tensor> mask(bool is_causal) const {
    if (!is_causal || num_queries == num_keys) return std::nullopt;
    return at::full({num_queries, num_keys}, -std::numeric_limits<float>::infinity(), at::kFloat)
        .triu(num_keys - num_queries + 1);
  }
  bool is_square_causal(bool is_causal) const { return is_causal && num_queries == num_keys; }

 private:
  Tensor batch(const Tensor& x, int64_t first, int64_t length, int64_t repeats) const {
    const Tensor heads =
        x.slice(0, first, first + count * length).view({count, length, x.size(1), x.size(2)}).transpose(1, 2);
    return (repeats == 1 ? heads : heads.repeat_interleave(repeats, 1)).contiguous();
  }
  void put(const Tensor& of_run, const Tensor& x, int64_t first, int64_t length, int64_t repeats) const {
    Tensor heads = of_run;
    if (repeats > 1) heads = heads.unflatten(1, {heads.size(1) / repeats, repeats}).sum(2);
    x.slice(0, first, first + count * length).copy_(heads.transpose(1, 2).flatten(0, 1));
  }
};

// Those that have queries.
std::vector<Run> runs_of(const SequenceLengths& lengths) {
  std::vector<Run> runs;
  for (size_t i = 0; i + 1 < lengths.query_end.size(); ++i) {
    const Run next{.count = 1,
                   .first_query = lengths.query_end[i],
                   .first_key = lengths.key_end[i],
                   .num_queries = lengths.query_end[i + 1] - lengths.query_end[i],
                   .num_keys = lengths.key_end[i + 1] - lengths.key_end[i]};
    if (next.num_queries == 0) continue;
    const bool follows = !runs.empty() && runs.back().num_queries == next.num_queries &&
                         runs.back().num_keys == next.num_keys &&
                         runs.back().first_key + runs.back().count * next.num_keys == next.first_key;
    if (follows) {
      ++runs.back().count;
    } else {
      runs.push_back(next);
    }
  }
  return runs;
}

FlashResult on_cpu(const Tensor& q, const Tensor& k, const Tensor& v, const SequenceLengths& lengths, bool is_causal,
                   double scale) {
  FlashResult result{.out = at::empty(q.sizes(), q.options()),
                     .log_sum = at::empty({q.size(0), q.size(1)}, at::kFloat)};
  const int64_t repeats = q.size(1) / k.size(1);
  for (const Run& run : runs_of(lengths)) {
    const auto [out, log_sum] =
        at::_scaled_dot_product_flash_attention_for_cpu(run.queries(q), run.keys(k, repeats), run.keys(v, repeats), 0.0,
                                                        run.is_square_causal(is_causal), run.mask(is_causal), scale);
    run.put_queries(out, result.out);
    run.put_log_sums(log_sum, result.log_sum);
  }
  return result;
}

FlashGradient gradient_on_cpu(const Tensor& out_gradient, const Tensor& q, const Tensor& k, const Tensor& v,
                              const FlashResult& result, const SequenceLengths& lengths, bool is_causal, double scale) {
  const auto zeros = [](const Tensor& x) { return at::zeros(x.sizes(), x.options()); };
  FlashGradient gradient{.q = zeros(q), .k = zeros(k), .v = zeros(v)};
  const int64_t repeats = q.size(1) / k.size(1);
  for (const Run& run : runs_of(lengths)) {
    const auto [dq, dk, dv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        run.queries(out_gradient), run.queries(q), run.keys(k, repeats), run.keys(v, repeats), run.queries(result.out),
        run.log_sums(result.log_sum), 0.0, run.is_square_causal(is_causal), run.mask(is_causal), scale);
    run.put_queries(dq, gradient.q);
    run.put_keys(dk, gradient.k, repeats);
    run.put_keys(dv, gradient.v, repeats);
  }
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
