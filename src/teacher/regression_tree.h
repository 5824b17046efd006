// A regression tree: splits "value <= threshold" that leave the least variance of the target (Breiman, Friedman, Olshen
// and Stone 1984), by the laws of the classification tree beside it (teacher/decision_tree.h). Leaves keep the targets
// of their rows, not only the mean, so that a forest can tell the whole distribution (Meinshausen 2006, "Quantile
// regression forests", JMLR 7).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "teacher/columns.h"
#include "teacher/decision_tree.h"
#include "teacher/ranked_columns.h"

namespace manyshot::teacher {

class RegressionTree {
 public:
  // A distinct target of a leaf, by its place among all, and how many of the leaf's rows have it, each as often as the
  // tree drew it.
  struct Atom {
    uint32_t target = 0, weight = 0;
  };

  // The atoms of a row's leaf, by target. REQUIRES: the columns the tree was grown on, finite.
  std::span<const Atom> leaf(const ColumnsView& columns, size_t row) const;
  size_t num_nodes() const { return nodes_.size(); }

 private:
  friend class RegressionGrower;
  struct Node {
    float threshold = 0;
    int32_t feature = -1;  // -1: a leaf
    uint32_t next = 0;     // split: the child for value <= threshold, the other stands behind it; leaf: its first atom
    uint32_t num_atoms = 0;  // leaf
  };

  std::vector<Node> nodes_;
  std::vector<Atom> atoms_;
};

// What a tree is grown from.
struct RegressionTask {
  const ColumnsView& columns;
  const RankedColumns& ranked;        // of the same columns
  std::span<const double> targets;    // [N] centred and scaled, or sums of squares lose their digits
  std::span<const uint32_t> places;   // [N] of each row's target among the distinct ones
  std::span<const uint32_t> weights;  // [N] how often each row counts; 0: left out. One at least not 0
  uint64_t seed = 0;                  // of the order in which features are drawn
};

// Memory that grows trees, one after the other. Not for two threads at a time.
class RegressionGrower {
 public:
  // Replaces `tree`. A function of (task, options) alone.
  void grow(const RegressionTask& task, const TreeOptions& options, RegressionTree& tree);

 private:
  struct Pending {
    uint32_t node = 0;
    uint32_t begin = 0, end = 0;
    uint32_t depth = 0;
  };
  struct Split {
    double gain = 0;  // of sum_l^2 / n_l + sum_r^2 / n_r over the whole node's
    uint32_t feature = 0, num_left = 0;
    float threshold = 0;
  };

  void sort_rows(const RegressionTask& task);
  template <class Position>
  void sort_rows(const RegressionTask& task, const SortedColumns<Position>& sorted);
  bool has_one_target(const RegressionTask& task, const Pending& node) const;
  Split find_split(const RegressionTask& task, const TreeOptions& options, const Pending& node);
  // False when the feature is constant in the node.
  bool search_feature(const RegressionTask& task, const TreeOptions& options, const Pending& node, uint32_t feature,
                      Split& best) const;
  void part(const Pending& node, const Split& split);
  void make_leaf(const RegressionTask& task, const Pending& node, RegressionTree& tree);
  uint32_t* rows_of(uint32_t feature) { return rows_.data() + size_t{feature} * num_rows_; }
  const uint32_t* rows_of(uint32_t feature) const { return rows_.data() + size_t{feature} * num_rows_; }

  size_t num_rows_ = 0;             // of the tree
  std::vector<uint32_t> rows_;      // [F, num_rows_] the tree's rows by each feature's value, each node's together
  std::vector<uint32_t> spare_;     // [num_rows_]
  std::vector<uint8_t> goes_left_;  // [N]
  std::vector<uint32_t> features_;  // [F] in the order drawn
  std::vector<Pending> pending_;
  std::vector<std::pair<uint32_t, uint32_t>> leaf_;  // place of a target, weight
  uint64_t random_state_ = 0;
};

}  // namespace manyshot::teacher
