// The weights of one Llama layer, packed for inputs of type T.
#pragma once

#include <vector>

#include "kernels/gemm.h"
#include "model/decoder/shape.h"

namespace manyshot {

// T: float, or BFloat16 for matrices rounded to bf16 (norms and biases stay f32).
template <class T>
struct DecoderLayer {
  std::vector<float> input_norm, post_attention_norm;
  std::vector<float> qkv_bias;   // empty: none
  kernels::PackedMatrix<T> qkv;  // outputs: queries, keys, values
  kernels::PackedMatrix<T> o;
  kernels::PackedMatrix<T> gate_up;  // kSwigluTile gates, the ups that go with them, the next gates, …
  kernels::PackedMatrix<T> down;
};

}  // namespace manyshot
