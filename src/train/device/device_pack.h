// Packed tasks where the network computes.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/device/flash_attention.h"
#include "train/device/label_attention.h"
#include "train/device/packed_tasks.h"

namespace manyshot::train {

// As PackedBars; `row` is undefined where these are all rows.
struct DeviceBars {
  int64_t size = 0;
  at::Tensor row;            // [bars]
  at::Tensor label;          // [bars] int64
  at::Tensor is_supervised;  // [bars] bool
  at::Tensor is_allowed;     // [bars, labels] bool; undefined for numbers
};

struct DevicePack {
  int64_t num_labelled = 0, num_queries = 0;
  at::Tensor first, second, column, place;    // [tokens]
  at::Tensor asking, summary, summary_place;  // [summaries]
  SequenceLengths row_lengths;                // where every token of a row asks,
  SequenceLengths asking_lengths;             // and where those of `asking` alone do
  SummaryPlan plan;
  DeviceBars labels, numbers;
};

// One copy brings all of it.
DevicePack to_device(const PackedTasks& tasks, const at::Device& device);

}  // namespace manyshot::train
