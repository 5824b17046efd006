// Tasks side by side as tensors of a fixed width: rows of all tasks for the row layers, summaries of all rows for the
// in-context layers, and where each finds the others.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/compact/compact_model.h"
#include "train/compact/network_shape.h"
#include "train/train_sample.h"

namespace manyshot::train {

// Rows stand in two groups, labelled ones first, each group task by task. A row's tokens are its values, the bar, the
// label (labelled rows), then padding, which no token before it sees: attention looks back only.
struct PackedTasks {
  int64_t slots = 0;                            // tokens of the longest row
  int64_t num_labelled = 0, num_queries = 0;    // rows of all tasks
  int64_t most_labelled = 0, most_queries = 0;  // of one task
  bool are_numbers = false;                     // what is predicted: numbers, or labels
  // [rows, slots] The rows of the table of embeddings that are added, as NetworkShape::table_place() counts; behind the
  // last one: nothing. No token of version 1 has a second row.
  std::vector<int32_t> first, second, column;
  // Summaries in three groups: labels, the bars of the same rows, the bars of queries.
  std::vector<int32_t> slot;   // [summaries] among the tokens
  std::vector<int32_t> place;  // [summaries] in the row: for the rotation, and how far one sees in the last row layer
  // Bars see the labels of earlier rows. Bar i stands where label i - 1 stands, so that both look back over the same
  // labels; a task's first bar goes to its last place, where nothing of it is read.
  std::vector<int32_t> shifted;                  // [num_labelled] the bar that stands there
  std::vector<int32_t> unshifted;                // [num_labelled] where the bar stands
  std::vector<int32_t> labelled_end, query_end;  // [tasks + 1] cumulative counts of rows
  // Bars as the loss sees them, labelled rows before queries.
  std::vector<int32_t> label;       // [rows]
  std::vector<float> supervised;    // [rows] 0 or 1
  std::vector<uint8_t> is_allowed;  // [rows, labels] takes part in the softmax; empty for numbers, of which all do

  int64_t num_rows() const { return num_labelled + num_queries; }
  // [tasks] Where each task begins among the labelled rows.
  std::span<const int32_t> first_row() const { return std::span(labelled_end).first(labelled_end.size() - 1); }
};

// REQUIRES: all predict labels, or all numbers.
PackedTasks pack_tasks(const NetworkShape& shape, const CompactNetworkOptions& options,
                       std::span<const TrainSample* const> tasks);

// Which samples of a batch go together: one kind of target, and similar widths, so that at most a fifth of the tokens
// are padding, and at most `most_tokens` tokens (one sample at least). The order of packs and of samples in them
// depends on the batch alone.
std::vector<std::vector<size_t>> group_tasks(const ModelConfig& config, std::span<const TrainSample> batch,
                                             size_t most_tokens);

}  // namespace manyshot::train
