// Kernels of our own on a GPU (fused_kernels.cu), where libtorch's operators would move the same bytes many times:
// compiled when a network is first computed with heads of that size.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "train/device/flash_attention.h"

namespace manyshot::train {

class FusedKernels {
 public:
  ~FusedKernels();

  // Those for bf16 values like `x`, in heads of `head_dim`. Null where operators do the work: on the CPU, for other
  // types and for heads that are no multiple of 8 or larger than 64; without NVRTC, and with MANYSHOT_KERNELS=off.
  static const FusedKernels* of(const at::Tensor& x, int64_t head_dim);

  // x and out [tokens, heads, head_dim], any stride between tokens; cosines and sines [tokens, 1, head_dim / 2] f32.
  void rotate(const at::Tensor& x, const at::Tensor& cosines, const at::Tensor& sines, double direction,
              const at::Tensor& out) const;

  // gate_up [rows, 2 width], out [rows, width], contiguous. REQUIRES: width is even.
  void swiglu(const at::Tensor& gate_up, const at::Tensor& out) const;
  void swiglu_gradient(const at::Tensor& gate_up, const at::Tensor& out_gradient, const at::Tensor& gradient) const;

  // Attention of every row by itself, queries and keys not yet rotated: q [queries, heads, head_dim], k and v [keys,
  // heads, head_dim], both of one stride between tokens; lengths as flash_attention() has them, causal.
  struct RowAttention {
    at::Tensor q, k, v;
    at::Tensor q_cosines, q_sines, k_cosines, k_sines;
    const SequenceLengths* lengths;
    double scale;
  };
  // Whether the rows are short enough.
  bool fit(const RowAttention& rows) const;
  // out like q but contiguous, log_sum [queries, heads] f32.
  void row_attention(const RowAttention& rows, const at::Tensor& out, const at::Tensor& log_sum) const;
  // The gradients have the strides of what they are of.
  void row_attention_gradient(const RowAttention& rows, const at::Tensor& out, const at::Tensor& log_sum,
                              const at::Tensor& out_gradient, const at::Tensor& dq, const at::Tensor& dk,
                              const at::Tensor& dv) const;

 private:
  struct Module;
  FusedKernels(int device, int64_t head_dim);

  int64_t head_dim_;
  std::unique_ptr<Module> module_;
};

}  // namespace manyshot::train
