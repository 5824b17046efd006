// Tasks side by side as flat tensors without padding: the tokens of all rows for the row layers, summaries of all rows
// for the in-context layers, and where each finds the others.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "train/compact/compact_model.h"
#include "train/compact/network_shape.h"
#include "train/train_sample.h"

namespace manyshot::train {

// Rows whose targets are of one kind, as the loss sees them.
struct PackedBars {
  std::vector<int32_t> row;         // [bars] among all rows
  std::vector<int32_t> label;       // [bars]
  std::vector<uint8_t> supervised;  // [bars] 0 or 1
  std::vector<uint8_t> is_allowed;  // [bars, labels] takes part in the softmax; empty for numbers, of which all do

  int64_t size() const { return static_cast<int64_t>(row.size()); }
};

// Rows stand in two groups, labelled ones first, each group task by task. A row's tokens are its values, the bar, and
// the label of a labelled row.
struct PackedTasks {
  int64_t num_labelled = 0, num_queries = 0;    // rows of all tasks
  int64_t most_labelled = 0, most_queries = 0;  // of one task
  int64_t most_tokens = 0;                      // of one row
  // [tokens] The rows of the table of embeddings that are added, as NetworkShape::table_place() counts; behind the last
  // one: nothing. No token of version 1 has a second row.
  std::vector<int32_t> first, second, column;
  std::vector<int32_t> place;    // [tokens] in the row: for the rotation
  std::vector<int32_t> row_end;  // [rows + 1] cumulative counts of tokens
  // What asks in the last row layer, in the order of the tokens: bar and label of a labelled row, bar of a query.
  std::vector<int32_t> asking;      // [summaries] among the tokens
  std::vector<int32_t> asking_end;  // [rows + 1] cumulative counts
  // Summaries in three groups: labels, the bars of the same rows, the bars of queries.
  std::vector<int32_t> summary;        // [summaries] among those that ask
  std::vector<int32_t> summary_place;  // [summaries] in the row
  // Bars see the labels of earlier rows. Bar i stands where label i - 1 stands, so that both look back over the same
  // labels; a task's first bar goes to its last place, where nothing of it is read.
  std::vector<int32_t> shifted;                  // [num_labelled] the bar that stands there
  std::vector<int32_t> unshifted;                // [num_labelled] where the bar stands
  std::vector<int32_t> labelled_end, query_end;  // [tasks + 1] cumulative counts of rows
  PackedBars labels, numbers;                    // labelled rows before queries

  int64_t num_rows() const { return num_labelled + num_queries; }
};

PackedTasks pack_tasks(const NetworkShape& shape, const CompactNetworkOptions& options,
                       std::span<const TrainSample* const> tasks);

// [begin, end) of the samples of a batch that go together, in their order: at most `most_tokens` tokens and
// kMostPackedRows rows, one sample at least.
std::vector<std::array<size_t, 2>> group_tasks(std::span<const TrainSample> batch, size_t most_tokens);

// A row is a sequence of the flash attention, whose grid has no room for more.
inline constexpr size_t kMostPackedRows = 60'000;

}  // namespace manyshot::train
