// Adapters that OLoRA started (Büyükakyüz 2024, arXiv 2406.01775, section 3): B_0 A_0 = Q_r R_r, the first r columns
// of Q and rows of R of W = QR, was taken out of the base, W' = W - scale B_0 A_0 + scale B A. Since Q_r is an
// orthonormal base of the first r columns of W and R_r = Q_r^T W, the base alone tells what was taken out.
#pragma once

#include <string>

#include "model/files/adapter_folder.h"
#include "model/language/tensor_source.h"

namespace manyshot {

// Makes the pair, of tensor `name` of `base`, one of twice the rank that changes the base as it stands: B' = [B, -Q_r],
// A' = [A; R_r]. Throws Error(kUnsupported) for a matrix whose first columns depend on each other. REQUIRES: the pair's
// shape is that of the tensor.
void subtract_olora_start(const TensorSource& base, const std::string& name, LoraPair& pair);

}  // namespace manyshot
