// A packed weight matrix turned over, for the gradient of a product's input.
#pragma once

#include <cstddef>

#include "kernels/gemm.h"

namespace manyshot::kernels {

// W^T [num_inputs, num_outputs] of a packed W [num_outputs, num_inputs]: gemm() with it computes dY W.
template <class T>
PackedMatrix<T> transposed(const PackedMatrix<T>& weight, size_t num_outputs, size_t num_inputs);

}  // namespace manyshot::kernels
