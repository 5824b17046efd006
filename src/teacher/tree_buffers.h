// What growing a tree keeps in memory, and the terms it works with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "teacher/decision_tree.h"

namespace manyshot::teacher {

inline constexpr size_t kLanes = 8;
inline constexpr size_t kFewCandidates = 12;
inline constexpr size_t kPadding = 32;  // entries that a vector may read or write beyond the last

// `count` rounded up to whole lanes.
constexpr size_t whole_lanes(size_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

// A row of a node: packed as row << 16 | class << 8 | weight, never 0, or the row alone.
using Entry = uint32_t;

struct PendingNode {
  uint32_t node = 0;
  uint32_t begin = 0, end = 0;  // its entries
  uint32_t depth = 0;
};

struct GrownTree {
  std::vector<DecisionTree::Node>& nodes;
  std::vector<double>& shares;
  size_t& depth;
  std::span<double> decreases;
};

// The candidates to be judged among those of a node.
struct CandidateRange {
  size_t first = 0, last = 0;  // candidates [first, last)
};

// What all rows of a node weigh.
struct NodeTotals {
  double weight = 0;
  double squares = 0;  // sum of squared class weights
};

// A split found so far, and its cost as a fraction; none: 1/0.
struct BestSplit {
  double numerator = 1;
  double denominator = 0;
  uint32_t feature = 0;
  uint32_t left_row = 0, right_row = 0;  // a row with the largest value that goes left, and with the smallest other

  bool found() const { return denominator > 0; }
  bool is_perfect() const { return found() && numerator == 0; }
};

struct TreeGrower::Buffers {
  // Room for the search of a tree with so many rows and classes. New elements are 0.
  void reserve_search(size_t num_rows, size_t num_classes, bool is_packed);
  template <class T>
  static void grow_to(std::vector<T>& buffer, size_t size) {
    if (buffer.size() < size) buffer.resize(size);
  }

  std::vector<Entry> entries, spare;   // the rows of the tree, each node's together
  std::vector<Entry> sorted;           // a node's in the order of a feature
  std::vector<uint32_t> run_end;       // last index into `sorted` of each run of equal values
  std::vector<Entry> entry_of_row;     // [N]
  std::vector<Entry> slots;            // [N] entries by place; 0 between features
  std::vector<uint64_t> bitmap;        // places taken; 0 between features
  std::vector<uint64_t> summary;       // words of the bitmap that are not 0
  std::vector<uint32_t> left_pairs;    // [runs] weight | weight of the second class << 16, up to the end of each run
  std::vector<uint32_t> cells;         // [2, values, classes] weights; 0 between features
  std::vector<uint64_t> left_sums;     // [runs] with more classes: sum of l_k^2 | sum of l_k n_k << 32
  std::vector<uint64_t> class_states;  // [2, K] 2 l_k | n_k << 32, from either end
  std::vector<double> left_weight, left_squares, left_dot;               // [runs] the same where 32 bits do not do
  std::vector<uint32_t> class_weights, odd_class_weights, left_classes;  // [K]
  std::vector<uint32_t> features;                                        // [F] in the order drawn
  std::vector<PendingNode> pending;
};

}  // namespace manyshot::teacher
