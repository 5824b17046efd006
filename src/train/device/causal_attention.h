// Causal attention of texts side by side, with its gradient: flash attention, so that nothing grows with the square of
// their lengths and no text sees another.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/device/flash_attention.h"

namespace manyshot::train {

// q [tokens, H, d], k and v [tokens, H_kv, d]. `lengths` must outlive the backward pass.
at::Tensor causal_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const SequenceLengths& lengths, double scale);

}  // namespace manyshot::train
