// Gradient-boosted regression trees with a vector of outputs in each leaf, fitted by histograms of at most 256 bins:
// the laws of XGBoost's hist method with multi_output_tree and its defaults (eta 0.3, lambda 1, min_child_weight 1;
// Chen and Guestrin 2016, "XGBoost: a scalable tree boosting system", equations 5 to 7, summed over the outputs).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "prior/task/node_matrix.h"

namespace manyshot::prior {

inline constexpr size_t kMaxTreeOutputs = 16;

struct BoostingOptions {
  int max_depth = 4;  // 1..6
  int num_trees = 4;
  float eta = 0.3f;
  float lambda = 1;
};

// A fitted split, for explanations.
struct TreeSplit {
  uint32_t tree = 0;
  uint32_t feature = 0;
  float threshold = 0;  // left: value < threshold
  float gain = 0;
};

struct GrowingNode;  // a node of the tree at hand; boosted_trees.cc

class BoostedTrees {
 public:
  // Fits to targets [num_outputs nodes] on the columns of x, and writes the fitted values of the same rows to `fitted`
  // (another matrix, or targets). NaN counts as 0. REQUIRES: num_outputs <= kMaxTreeOutputs.
  void fit(const NodeMatrix& x, const BoostingOptions& options, const NodeMatrix& targets, NodeMatrix& fitted);
  // Of the last fit, tree by tree.
  const std::vector<TreeSplit>& splits() const { return splits_; }

 private:
  void bin_column(const float* x, size_t feature);
  // kWidth: lanes of a row's gradients, 8 or 16.
  template <size_t kWidth>
  void grow_trees(size_t num_features, const BoostingOptions& options, const NodeMatrix& targets);
  template <size_t kWidth>
  void start_tree(const NodeMatrix& targets);
  template <size_t kWidth>
  void sum_gradients(GrowingNode& node) const;
  template <size_t kWidth>
  void search_splits(size_t num_features, std::vector<GrowingNode>& nodes);
  template <size_t kWidth>
  void add_leaf(const GrowingNode& node, float eta);
  template <size_t kWidth>
  void split_node(const GrowingNode& node, uint32_t place, std::vector<GrowingNode>& children);

  size_t num_rows_ = 0;
  std::vector<uint8_t> bins_;       // [F, N]
  std::vector<float> lower_edges_;  // [F, 256]: the smallest value of each bin
  std::vector<uint32_t> num_bins_;  // [F]
  std::vector<uint32_t> keys_, keys_spare_, order_, order_spare_;
  kernels::AlignedBuffer<float> predictions_;  // [N, lanes]
  // Of the rows that can still be split, node after node.
  std::vector<uint32_t> rows_, rows_spare_;
  kernels::AlignedBuffer<float> gradients_, gradients_spare_;  // [N, lanes]
  kernels::AlignedBuffer<float> histogram_;                    // [256, lanes]
  std::vector<uint32_t> bin_counts_;
  std::vector<float> inverse_;  // 1 / (n + lambda)
  std::vector<TreeSplit> splits_;
};

}  // namespace manyshot::prior
