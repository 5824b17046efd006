// The attention of in-context layers: every summary sees the labels of earlier rows, and its own row. Flash attention
// over the labels, and the own bar merged in by its score, so that no mask is needed and nothing grows with the square
// of the rows.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/device/flash_attention.h"
#include "train/device/projection.h"

namespace manyshot::train {

// Where the summaries of packed tasks stand (packed_tasks.h), as the attention needs it.
struct SummaryPlan {
  int64_t num_labelled = 0, num_queries = 0;
  at::Tensor shifted, unshifted;  // [num_labelled] where the summaries are
  at::Tensor first_row,
      last_place;  // [num_tasks] int64: a task's first bar, and where it stands among the shifted ones
  SequenceLengths labelled, queries;
};

// [asking, H d]. All summaries ask, or all but the labels, which the last layer needs no more: keys and values are of
// labels, of their rows' bars, of queries' bars. `plan` must outlive the backward pass.
at::Tensor label_attention(const Projection& projection, const ProjectionAngles& angles, const SummaryPlan& plan,
                           double scale);

}  // namespace manyshot::train
