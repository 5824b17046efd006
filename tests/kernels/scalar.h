// The kernels as plain loops, with the same contracts: what the SIMD code must compute. Slow; for tests and benchmarks.
#pragma once

#include <span>

#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "kernels/log_sum_exp.h"

namespace manyshot::kernels::scalar {

// The same bits as the f32 kernel on processors with fused multiply-add.
void gemm(Rows<const float> a, size_t M, const Panels<float>& b, Rows<float> c, Store store);
// Products of bf16 summed in f32; VDPBF16PS rounds intermediate sums differently.
void gemm(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b, Rows<float> c, Store store);

void rms_norm(const RmsNorm& norm, Rows<const float> x, size_t M, Rows<float> out);
void rotate(const Rotation& rotation, Rows<float> x, size_t M, size_t num_heads, Positions positions, float scale);
void silu_mul(const GateUp<const float>& in, size_t M, size_t width, Rows<float> out);
void row_attention(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                   Rows<float> out);
// Of the labels of a context: [count, num_kv_heads * head_dim].
struct Labels {
  const float* keys;
  const float* values;
  size_t count;
};
void context_attention(const AttentionShape& shape, const Labels& labels, const AttentionInput& in,
                       const ContextTokens& tokens, Rows<float> out);
// What attend_tile() leads to: query m sees the first visible[m] of the keys and values [keys, head_dim]; queries are
// scaled as RunningAttention says.
void tiled_attention(const float* queries, size_t head_dim, const float* keys, const float* values,
                     std::span<const size_t> visible, float* out);
ExpSum exp_sum(const float* logits, size_t count);

}  // namespace manyshot::kernels::scalar
