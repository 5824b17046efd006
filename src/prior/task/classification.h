// From node values to a classification table: labels by thresholds, categorical columns, clamp, standardise, and the
// checks that decide whether a draw stands (docs/prior.md).
#pragma once

#include <optional>
#include <vector>

#include "prior/random/draws.h"
#include "prior/task/node_matrix.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

struct LabelRule {
  int num_classes = 2;
  bool by_rank = false;  // thresholds are values of y at random rows, else N(0,1) draws
};
// Classes of standardised y: how many of the num_classes - 1 thresholds lie strictly below. Those present become 0..k-1
// in random order. Returns k; 0 when y is not finite.
int threshold_labels(const float* y, size_t num_rows, const LabelRule& rule, const Rng& rng,
                     std::vector<int32_t>& labels, Notes* notes);

// Labels that hold gaps become 0..k-1 in random order; returns k. REQUIRES: labels in [0, limit).
int compact_labels(int limit, const Rng& rng, std::vector<int32_t>& labels);

// An order of the rows in which the first `split` and the others hold the same two or more classes: as drawn, or one of
// ten random ones. Gives an empty order for "as drawn", or the reason why there is none.
struct RowOrder {
  std::optional<Rejection> rejection;
  std::vector<uint32_t> order;
};
RowOrder order_rows(const std::vector<int32_t>& labels, int num_classes, size_t split, const Rng& rng);

// Turns some columns into categories as `mix` does: with p = 0.2 a table has any; then each column with p = q, q ~
// U(0,1). `info` gets kind and levels.
void categorise_columns(NodeMatrix& x, size_t num_features, const Rng& rng, std::vector<ColumnInfo>& info,
                        Notes* notes);

// Clamps at four standard deviations (moments taken again without what lies outside), standardises, drops constant
// columns, shuffles columns, applies `order`, and fills the task's columns and info. NaN cells stay (moments over the
// others). Returns the reason when there is no table to give.
std::optional<Rejection> finish_columns(NodeMatrix& x, std::vector<ColumnInfo>& info,
                                        const std::vector<uint32_t>& order, const Rng& rng, Task& task,
                                        bool clamp_levels, Notes* notes);

// task.labels = labels in that order.
void finish_labels(const std::vector<int32_t>& labels, int num_classes, const std::vector<uint32_t>& order, Task& task);

}  // namespace manyshot::prior
