#include "teacher/decision_tree.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace manyshot::teacher {
namespace {

// Rows that walk down a tree together, so that the waits for their nodes overlap.
constexpr size_t kWalkers = 8;

}  // namespace

void DecisionTree::add_leaf(const Node& leaf, double* sums) const {
  if (leaf.feature == kPureLeaf) {
    sums[leaf.next] += 1;
    return;
  }
  const double* leaf_shares = shares(leaf);
  for (int k = 0; k < num_classes_; ++k) sums[k] += leaf_shares[k];
}

void DecisionTree::add_shares(const ColumnsView& columns, size_t row, double* sums) const {
  const Node* node = nodes_.data();
  while (node->feature >= 0) {
    node = nodes_.data() + node->next + (columns.at(row, static_cast<size_t>(node->feature)) > node->threshold);
  }
  add_leaf(*node, sums);
}

void DecisionTree::add_shares(const ColumnsView& columns, std::span<double> sums) const {
  assert(sums.size() == columns.num_rows * num_classes_);
  const Node* nodes = nodes_.data();
  size_t row = 0;
  for (; row + kWalkers <= columns.num_rows; row += kWalkers) {
    std::array<uint32_t, kWalkers> at{};
    for (bool walking = true; walking;) {
      walking = false;
      for (size_t walker = 0; walker < kWalkers; ++walker) {
        const Node& node = nodes[at[walker]];
        if (node.feature < 0) continue;
        at[walker] = node.next + (columns.at(row + walker, static_cast<size_t>(node.feature)) > node.threshold);
        walking = true;
      }
    }
    for (size_t walker = 0; walker < kWalkers; ++walker) {
      add_leaf(nodes[at[walker]], sums.data() + (row + walker) * num_classes_);
    }
  }
  for (; row < columns.num_rows; ++row) add_shares(columns, row, sums.data() + row * num_classes_);
}

size_t num_tried_features(const TreeOptions& options, size_t num_features) {
  if (options.max_features) return std::min<size_t>(static_cast<size_t>(*options.max_features), num_features);
  auto root = static_cast<size_t>(std::sqrt(static_cast<double>(num_features)));
  return std::max<size_t>(root, 1);
}

}  // namespace manyshot::teacher
