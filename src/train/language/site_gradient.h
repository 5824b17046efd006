// The gradients of one product y = x W^T (+ LoRA) over a block of tokens, from those of y.
#pragma once

#include <cstddef>

#include "train/language/dropout.h"
#include "train/language/packed_batch.h"
#include "train/language/pass_memory.h"
#include "train/language/trained_network.h"

namespace manyshot::train {

// Holds one thread's scratch memory for blocks of up to num_tokens tokens. All arguments must outlive this.
template <class T>
class SiteGradient {
 public:
  SiteGradient(const TrainedNetwork<T>& network, const Dropout& dropout, size_t num_tokens, PassMemory<T>& memory);

  // Begins with a site; dy [tokens of the block, num_outputs] must stay until the last call for it.
  void begin(size_t layer, size_t site, const Range& block, const T* dy);
  // Some panels of the gradient of x: overwrites dx [tokens, 16 * panels], rows ldx apart.
  void differentiate_input(const Range& panels, float* dx, size_t ldx);
  // LoRA: adds the block's part of dA and dB to a chunk's sums (SumsLayout). All weights: keeps x [tokens, input_width]
  // and dy for add_weight_gradients().
  void add_weight_sums(const T* x, float* sums);

 private:
  void drop(const auto* x, auto* out) const {
    drop_inputs(dropout_, block_, layer_ * kNumSites + site_, x, shape().input_width, out);
  }
  const SiteShape& shape() const { return network_.sites()[site_]; }
  const LoraSite<T>& lora() const { return network_.layer(layer_).lora[site_]; }

  const TrainedNetwork<T>& network_;
  const Dropout& dropout_;
  PassMemory<T>& memory_;
  size_t layer_ = 0, site_ = 0;
  Range block_;
  const T* dy_ = nullptr;
  kernels::AlignedBuffer<float> lora_sums_;
  kernels::AlignedBuffer<T> lora_gradients_;         // of x A^T
  kernels::AlignedBuffer<float> dropped_gradients_;  // of x by way of LoRA, under dropout
  kernels::AlignedBuffer<T> dropped_inputs_, packed_inputs_, packed_outputs_, packed_lora_;
};

extern template class SiteGradient<float>;
extern template class SiteGradient<kernels::BFloat16>;

}  // namespace manyshot::train
