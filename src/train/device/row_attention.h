// The attention of row layers: causal, every row by itself, rotary positions included.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/device/flash_attention.h"
#include "train/device/projection.h"

namespace manyshot::train {

// [asking, H d]. A row's last query sees all its keys, the one before it all but the last. `lengths` must outlive the
// backward pass.
at::Tensor row_attention(const Projection& projection, const ProjectionAngles& angles, const SequenceLengths& lengths,
                         double scale);

}  // namespace manyshot::train
