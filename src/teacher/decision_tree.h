// A classification tree: splits "value <= threshold" that leave the least Gini impurity (Breiman, Friedman, Olshen and
// Stone 1984, "Classification and regression trees"), grown to the laws of scikit-learn's DecisionTreeClassifier with
// splitter "best": features in random order without replacement, and past `max_features` of them until one that is not
// constant in the node has been seen; every threshold the middle between two neighbouring values; the first of equally
// good splits; a split also where it does not lower the impurity. Unlike there, values that differ by less than 1e-7
// are different, and once a split leaves pure children no further feature is drawn (none could be better).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/options.h"
#include "teacher/columns.h"
#include "teacher/ranked_columns.h"

namespace manyshot::teacher {

struct TreeOptions {
  std::optional<int> max_features;
  int min_samples_split = 2;
  int min_samples_leaf = 1;
  std::optional<int> max_depth;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("max_features", self.max_features, at_least(1),
      "Features tried for a split; without it the square root of their number, rounded down.");
    v("min_samples_split", self.min_samples_split, at_least(2), "Different rows a node must hold to be split.");
    v("min_samples_leaf", self.min_samples_leaf, at_least(1), "Different rows each side of a split must keep.");
    v("max_depth", self.max_depth, at_least(1), "Splits between the root and a leaf at most; without it no limit.");
  }
};

class DecisionTree {
 public:
  static constexpr int32_t kPureLeaf = -1;
  static constexpr int32_t kMixedLeaf = -2;

  struct Node {
    float threshold = 0;
    int32_t feature = kPureLeaf;  // or one of the leaf marks
    uint32_t next = 0;            // split: the child for value <= threshold, the other stands behind it; pure leaf: its
                                  // class; mixed leaf: its number
  };

  // Adds to sums [N, K] each row's class shares. REQUIRES: the columns the tree was grown on, finite.
  void add_shares(const ColumnsView& columns, std::span<double> sums) const;
  // Adds one row's class shares to sums [K].
  void add_shares(const ColumnsView& columns, size_t row, double* sums) const;

  int num_classes() const { return num_classes_; }
  std::span<const Node> nodes() const { return nodes_; }  // the root is the first
  size_t num_leaves() const { return (nodes_.size() + 1) / 2; }
  size_t depth() const { return depth_; }

 private:
  friend class TreeGrower;
  const double* shares(const Node& leaf) const { return shares_.data() + size_t{leaf.next} * num_classes_; }
  void add_leaf(const Node& leaf, double* sums) const;

  std::vector<Node> nodes_;
  std::vector<double> shares_;  // [mixed leaves, K]
  int num_classes_ = 0;
  size_t depth_ = 0;
};

// What a tree is grown from.
struct TreeTask {
  const ColumnsView& columns;
  const RankedColumns& ranked;      // of the same columns
  std::span<const int32_t> labels;  // [N] 0..num_classes-1
  std::span<const uint32_t>
      weights;          // [N] how often each row counts; 0: left out. One at least not 0, the sum below 2^32
  int num_classes = 0;  // at most 65,536
  uint64_t seed = 0;    // of the order in which features are drawn
};

// Memory that grows trees, one after the other. Not for two threads at a time.
class TreeGrower {
 public:
  TreeGrower();
  ~TreeGrower();
  TreeGrower(TreeGrower&&) noexcept;
  TreeGrower& operator=(TreeGrower&&) noexcept;

  // Replaces `tree`, keeping its memory. `decreases` [F], when not empty, receives how much the splits on each feature
  // lower the Gini impurity, weighted by the share of rows in the node. The same bits on every processor.
  void grow(const TreeTask& task, const TreeOptions& options, DecisionTree& tree, std::span<double> decreases = {});

  struct Buffers;

 private:
  std::unique_ptr<Buffers> buffers_;
};

// Features tried for a split.
size_t num_tried_features(const TreeOptions& options, size_t num_features);

}  // namespace manyshot::teacher
