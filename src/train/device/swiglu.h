// The gated unit of an MLP.
#pragma once

#include <ATen/core/Tensor.h>

namespace manyshot::train {

// silu(gate) * up: [tokens, I] of gate_up [tokens, 2 I].
at::Tensor swiglu(const at::Tensor& gate_up);

}  // namespace manyshot::train
