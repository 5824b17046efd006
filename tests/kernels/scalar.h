// The kernels as plain loops, with the same contracts: what the SIMD code must compute. Slow; for tests and benchmarks.
#pragma once

#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "kernels/log_sum_exp.h"

namespace manyshot::scalar {

// The same bits as the f32 kernel on processors with fused multiply-add.
void gemm(const float* a, size_t lda, size_t M, const Panels<float>& b, float* c, size_t ldc, Store store);
// Products of bf16 summed in f32; VDPBF16PS rounds intermediate sums differently.
void gemm(const BFloat16* a, size_t lda, size_t M, const Panels<BFloat16>& b, float* c, size_t ldc, Store store);

void rms_norm(const float* x, size_t x_stride, const float* gain, size_t M, size_t width, float epsilon, float* out,
              size_t out_stride);
void rotate(const Rotation& rotation, float* x, size_t stride, size_t M, size_t num_heads, Positions positions,
            float scale);
void silu_mul(const float* gate, const float* up, size_t in_stride, size_t M, size_t width, float* out,
              size_t out_stride);
void row_attention(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                   float* out, size_t out_stride);
// label_keys and label_values [labels, num_kv_heads * head_dim].
void context_attention(const AttentionShape& shape, const float* label_keys, const float* label_values,
                       size_t num_labels, const AttentionInput& in, const ContextTokens& tokens, float* out,
                       size_t out_stride);
// What attend_tile() leads to: query m sees the first visible[m] of the keys and values [keys, head_dim]; queries are
// scaled as RunningAttention says.
void tiled_attention(const float* queries, size_t M, size_t head_dim, const float* keys, const float* values,
                     const size_t* visible, float* out);
ExpSum exp_sum(const float* logits, size_t count);

}  // namespace manyshot::scalar
