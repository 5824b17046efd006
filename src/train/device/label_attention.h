// The attention of in-context layers: every summary sees the labels of earlier rows, and its own row. Flash attention
// over the labels, and the own bar merged in by its score, so that no mask is needed and nothing grows with the square
// of the rows.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/device/flash_attention.h"

namespace manyshot::train {

// Where the summaries of packed tasks stand (packed_tasks.h), as the attention needs it.
struct SummaryPlan {
  int64_t num_labelled = 0, num_queries = 0;
  at::Tensor shifted, unshifted, first_row;  // indices, where the summaries are
  at::Tensor last_place;                     // [num_tasks] where a task's first bar stands among the shifted ones
  SequenceLengths labelled, queries;
};

// keys and values [summaries, H_kv, d]: of labels, of their rows' bars, of queries' bars. Queries q [summaries, H, d],
// or without those of the labels, which the last layer needs no more. Gives the same shape as q. `plan` must outlive
// the backward pass.
at::Tensor label_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const SummaryPlan& plan,
                           double scale);

}  // namespace manyshot::train
