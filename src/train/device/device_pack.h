// Packed tasks where the network computes.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/device/label_attention.h"
#include "train/device/packed_tasks.h"

namespace manyshot::train {

struct DevicePack {
  int64_t slots = 0, num_labelled = 0, num_queries = 0;
  bool are_numbers = false;
  at::Tensor first, second, column;  // [rows, slots]
  at::Tensor slot, place;            // [summaries]
  SummaryPlan plan;
  at::Tensor label;          // [rows] int64
  at::Tensor is_supervised;  // [rows] bool
  at::Tensor is_allowed;     // [rows, labels] bool; undefined for numbers

  int64_t num_rows() const { return num_labelled + num_queries; }
};

// One copy brings all of it.
DevicePack to_device(const PackedTasks& tasks, const at::Device& device);

}  // namespace manyshot::train
