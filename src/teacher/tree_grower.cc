// How a tree grows: node by node, each split by the best of some features (teacher/split_search-inl.h), in whose order
// its rows are put (teacher/node_order-inl.h).
#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "teacher/counter_random.h"
#include "teacher/decision_tree.h"
#include "teacher/tree_buffers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "teacher/tree_grower.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include <hwy/highway.h>

#include "teacher/split_search-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::teacher {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Position, bool kIsPacked>
class Growth {
 public:
  Growth(const TreeTask& task, const SortedColumns<Position>& columns, const TreeOptions& options,
         TreeGrower::Buffers& buffers, GrownTree& tree)
      : task_(task),
        reader_{task},
        columns_(columns),
        options_(options),
        b_(buffers),
        tree_(tree),
        search_(task, columns, options, buffers),
        num_tried_(num_tried_features(options, columns.num_features)),
        random_(task.seed) {}

  void run() {
    prepare();
    while (!b_.pending.empty()) {
      const PendingNode node = b_.pending.back();
      b_.pending.pop_back();
      grow_node(node);
    }
  }

 private:
  using Search = SplitSearch<Position, kIsPacked>;

  // The classes that a node's rows have.
  struct ClassCount {
    uint32_t num_present = 0;
    uint32_t last_present = 0;
  };

  void prepare() {
    const size_t num_rows = columns_.num_rows;
    TreeGrower::Buffers::grow_to(b_.entries, num_rows + kPadding);
    TreeGrower::Buffers::grow_to(b_.spare, num_rows + kPadding);
    b_.features.resize(columns_.num_features);
    for (size_t feature = 0; feature < b_.features.size(); ++feature) {
      b_.features[feature] = static_cast<uint32_t>(feature);
    }
    std::fill(b_.class_weights.begin(), b_.class_weights.end(), 0);
    std::fill(b_.odd_class_weights.begin(), b_.odd_class_weights.end(), 0);

    uint32_t count = 0;
    uint64_t total = 0;
    for (size_t row = 0; row < num_rows; ++row) {
      b_.entries[count] = b_.entry_of_row[row] = reader_.make_entry(row);
      count += task_.weights[row] > 0;
      total += task_.weights[row];
    }
    assert(count > 0);
    total_weight_ = static_cast<double>(total);
    tree_.nodes.assign(1, {});
    tree_.shares.clear();
    tree_.depth = 0;
    std::fill(tree_.decreases.begin(), tree_.decreases.end(), 0.0);
    b_.pending.assign(1, {.node = 0, .begin = 0, .end = count, .depth = 0});
  }

  void grow_node(const PendingNode& pending) {
    NodeState node{.entries = b_.entries.data() + pending.begin, .num_rows = pending.end - pending.begin};
    const ClassCount classes = weigh_classes(node);
    tree_.depth = std::max<size_t>(tree_.depth, pending.depth);
    BestSplit best;
    if (classes.num_present > 1 && may_split(pending)) {
      node.has_two_classes = kIsPacked && classes.num_present == 2;
      node.second_class = classes.last_present;
      node.pair = node.weight | b_.class_weights[classes.last_present] << 16;
      best = find_split(node);
    }
    if (best.found()) {
      split(pending, node, best);
    } else {
      make_leaf(pending, node, classes);
    }
    std::fill_n(b_.class_weights.data(), static_cast<size_t>(task_.num_classes), 0u);
  }

  // Fills b_.class_weights, and the node's weight and squares.
  ClassCount weigh_classes(NodeState& node) {
    uint32_t* weights = b_.class_weights.data();
    uint32_t* odd_weights = b_.odd_class_weights.data();
    for_even_and_odd(
        node, [&](Entry entry) { weights[reader_.class_of(entry)] += reader_.weight_of(entry); },
        [&](Entry entry) { odd_weights[reader_.class_of(entry)] += reader_.weight_of(entry); });
    ClassCount count;
    uint64_t squares = 0;
    for (size_t k = 0; k < static_cast<size_t>(task_.num_classes); ++k) {
      weights[k] += std::exchange(odd_weights[k], 0);
      const bool is_present = weights[k] > 0;
      count.num_present += is_present;
      count.last_present = is_present ? static_cast<uint32_t>(k) : count.last_present;
      node.weight += weights[k];
      squares += uint64_t{weights[k]} * weights[k];
    }
    node.squares = static_cast<double>(squares);
    return count;
  }

  bool may_split(const PendingNode& pending) const {
    const size_t num_rows = pending.end - pending.begin;
    return num_rows >= static_cast<size_t>(options_.min_samples_split) &&
           num_rows >= 2 * static_cast<size_t>(options_.min_samples_leaf) &&
           (!options_.max_depth || pending.depth < static_cast<uint32_t>(*options_.max_depth));
  }

  void make_leaf(const PendingNode& pending, const NodeState& node, const ClassCount& classes) {
    DecisionTree::Node& leaf = tree_.nodes[pending.node];
    if (classes.num_present == 1) {
      leaf = {.threshold = 0, .feature = DecisionTree::kPureLeaf, .next = classes.last_present};
      return;
    }
    const auto num_classes = static_cast<size_t>(task_.num_classes);
    leaf = {.threshold = 0,
            .feature = DecisionTree::kMixedLeaf,
            .next = static_cast<uint32_t>(tree_.shares.size() / num_classes)};
    for (size_t k = 0; k < num_classes; ++k) {
      tree_.shares.push_back(static_cast<double>(b_.class_weights[k]) / node.weight);
    }
  }

  BestSplit find_split(const NodeState& node) {
    BestSplit best;
    const auto num_features = static_cast<uint32_t>(columns_.num_features);
    const auto draw = [&](uint32_t drawn) {
      std::swap(b_.features[drawn], b_.features[drawn + static_cast<uint32_t>(random_.below(num_features - drawn))]);
    };
    bool all_constant = true;
    for (uint32_t i = 0, drawn = 0; i < num_features && (i < num_tried_ || all_constant); ++i) {
      for (; drawn <= i || (drawn == i + 1 && drawn < num_tried_); ++drawn) {
        draw(drawn);
        search_.prepare(node, b_.features[drawn], places_[drawn % 2]);
      }
      const uint32_t feature = b_.features[i];
      if (columns_.num_distinct[feature] == 1) continue;
      all_constant &= !search_.search_feature(node, feature, places_[i % 2], best);
      if (best.is_perfect()) break;
    }
    return best;
  }

  void split(const PendingNode& pending, const NodeState& node, const BestSplit& best) {
    const Position* rank = columns_.ranks(best.feature);
    const Position boundary = rank[best.left_row];
    Entry* entries = b_.entries.data() + pending.begin;
    Entry* spare = b_.spare.data();
    size_t num_left = 0, num_right = 0;
    for (size_t i = 0; i < node.num_rows; ++i) {
      const Entry entry = entries[i];
      const bool goes_left = rank[reader_.row_of(entry)] <= boundary;
      entries[num_left] = entry;
      spare[num_right] = entry;
      num_left += goes_left;
      num_right += !goes_left;
    }
    std::copy_n(spare, num_right, entries + num_left);
    assert(num_left > 0 && num_right > 0);

    const auto left = static_cast<uint32_t>(tree_.nodes.size());
    tree_.nodes.emplace_back();
    tree_.nodes.emplace_back();
    tree_.nodes[pending.node] = {.threshold = middle(task_.columns.at(best.left_row, best.feature),
                                                     task_.columns.at(best.right_row, best.feature)),
                                 .feature = static_cast<int32_t>(best.feature),
                                 .next = left};
    const auto middle_entry = pending.begin + static_cast<uint32_t>(num_left);
    b_.pending.push_back({.node = left + 1, .begin = middle_entry, .end = pending.end, .depth = pending.depth + 1});
    b_.pending.push_back({.node = left, .begin = pending.begin, .end = middle_entry, .depth = pending.depth + 1});
    if (!tree_.decreases.empty()) {
      const double before = node.weight - node.squares / node.weight;
      const double after = (node.has_two_classes ? 2 : 1) * best.numerator / best.denominator;
      tree_.decreases[best.feature] += (before - after) / total_weight_;
    }
  }

  // The largest float not above the middle: it parts the floats of both sides as the exact middle does.
  static float middle(float low, float high) {
    const double exact = 0.5 * double{low} + 0.5 * double{high};
    const auto rounded = static_cast<float>(exact);
    return rounded > exact ? next_below(rounded) : rounded;
  }

  // std::nextafter(value, -infinity) for finite values, without its call.
  static float next_below(float value) {
    if (value == 0) return -std::numeric_limits<float>::denorm_min();
    const auto bits = std::bit_cast<uint32_t>(value);
    return std::bit_cast<float>(value > 0 ? bits - 1 : bits + 1);
  }

  const TreeTask& task_;
  EntryReader<kIsPacked> reader_;
  const SortedColumns<Position>& columns_;
  const TreeOptions& options_;
  TreeGrower::Buffers& b_;
  GrownTree& tree_;
  Search search_;
  size_t num_tried_;
  CounterRandom random_;
  double total_weight_ = 0;
  HWY_ALIGN typename Search::Place places_[2][Search::Order::kMaxCountedRows] = {};  // of this feature and the next
};

// Whether entries can hold classes and weights.
bool can_pack(const TreeTask& task) {
  if (!task.ranked.is_narrow() || task.num_classes > 256) return false;
  uint64_t total = 0;
  uint32_t largest = 0;
  for (const uint32_t weight : task.weights) {
    total += weight;
    largest = std::max(largest, weight);
  }
  return total < 65'536 && largest < 256;
}

void grow_tree(const TreeTask& task, const TreeOptions& options, TreeGrower::Buffers& buffers, GrownTree& tree) {
  if (can_pack(task)) {
    Growth<uint16_t, true>(task, task.ranked.narrow(), options, buffers, tree).run();
  } else if (task.ranked.is_narrow()) {
    Growth<uint16_t, false>(task, task.ranked.narrow(), options, buffers, tree).run();
  } else {
    Growth<uint32_t, false>(task, task.ranked.wide(), options, buffers, tree).run();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::teacher
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::teacher {
HWY_EXPORT(grow_tree);

void TreeGrower::Buffers::reserve_search(size_t num_rows, size_t num_classes, bool is_packed) {
  grow_to(sorted, num_rows + kPadding);
  grow_to(run_end, num_rows + kPadding);
  grow_to(entry_of_row, num_rows);
  grow_to(slots, num_rows + kPadding);
  grow_to(bitmap, num_rows / 64 + 1);
  grow_to(summary, num_rows / 4096 + 1);
  grow_to(left_pairs, num_rows + kPadding);
  grow_to(left_sums, num_rows + kPadding);
  if (!is_packed) {
    grow_to(left_weight, num_rows + kPadding);
    grow_to(left_squares, num_rows + kPadding);
    grow_to(left_dot, num_rows + kPadding);
  }
  grow_to(class_states, 2 * (num_classes + kLanes));
  grow_to(class_weights, num_classes + kLanes);
  grow_to(odd_class_weights, num_classes);
  const size_t class_lanes = whole_lanes(num_classes);
  grow_to(left_classes, class_lanes);
  if (is_packed) grow_to(cells, 2 * std::min(kMaxGroupedValues, num_rows) * class_lanes);
}

TreeGrower::TreeGrower() : buffers_(std::make_unique<Buffers>()) {}
TreeGrower::~TreeGrower() = default;
TreeGrower::TreeGrower(TreeGrower&&) noexcept = default;
TreeGrower& TreeGrower::operator=(TreeGrower&&) noexcept = default;

void TreeGrower::grow(const TreeTask& task, const TreeOptions& options, DecisionTree& tree,
                      std::span<double> decreases) {
  tree.num_classes_ = task.num_classes;
  GrownTree grown{tree.nodes_, tree.shares_, tree.depth_, decreases};
  HWY_DYNAMIC_DISPATCH(grow_tree)(task, options, *buffers_, grown);
}

}  // namespace manyshot::teacher
#endif
