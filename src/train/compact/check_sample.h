// Whether a sample fits the network, and which of its bars the loss looks at.
#pragma once

#include "train/compact/compact_model.h"
#include "train/compact/label_head.h"
#include "train/compact/network_shape.h"

namespace manyshot::train {

// Whether a sample's target is a number. REQUIRES: it has a row.
bool predicts_number(const ModelConfig& config, const TrainSample& sample);
TokenRange target_tokens(const ModelConfig& config, const TrainSample& sample);

// Throws Error(kBadInput) naming the sample, what is wrong with it and what was expected.
void check_sample(const NetworkShape& shape, const TrainSample& sample);

// REQUIRES: the sample fits.
BarLabels bar_labels(const NetworkShape& shape, const CompactNetworkOptions& options, const TrainSample& sample);

}  // namespace manyshot::train
