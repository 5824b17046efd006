// The fast engine for `compact` models: no tensors library, rows computed in blocks that stay in cache, keys and values
// of the context's labels cached per layer, no allocation inside the loops.
#pragma once

#include <memory>
#include <string>

#include "model/compact/config.h"
#include "model/compact/weights.h"
#include "model/dtype.h"
#include "model/model.h"

namespace manyshot {

// dtype kBFloat16 needs has_bf16(simd_level()). In bf16 weights and the inputs of matrix products are
// rounded; sums, the residual stream, norms, attention, softmax and logits are f32 in both.
std::unique_ptr<Model> make_fused_decoder(const std::string& path, const ModelConfig& config, const Weights& weights,
                                          DType dtype);

}  // namespace manyshot
