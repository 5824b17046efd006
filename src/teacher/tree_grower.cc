// How a tree grows. A node's rows are put in the order of a feature without comparing values: RankedColumns knows each
// row's place in the sorted column, and places are small integers. Class counts are integers, and a split is judged by
// the fraction
//   (n n_l n_r - n_r sum_k l_k^2 - n_l sum_k r_k^2) / (n_l n_r),
// the weighted Gini impurity of both sides, whose parts are whole numbers; fractions are compared by cross
// multiplication, exactly while n^5 < 2^53 and to the last bits of a double beyond. No order of additions, vector width
// or compiler can change a choice.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#include "kernels/aligned_buffer.h"
#include "teacher/decision_tree.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "teacher/tree_grower.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace {
// One definition for all targets.
#ifndef MANYSHOT_TREE_GROWER_TYPES
#define MANYSHOT_TREE_GROWER_TYPES

constexpr size_t kPadding = 16;  // entries a vector may read beyond the last

template <class Position>
struct PositionBuffers {
  std::vector<Position> rows, spare;  // rows of the tree, each node's together
  std::vector<Position> sorted;       // rows of a node in the order of a feature
  std::vector<Position> group_end;    // last index into `sorted` of each run of equal values
};

struct PendingNode {
  uint32_t node;
  uint32_t begin, end;  // its rows
  uint32_t depth;
};

struct GrownTree {
  std::vector<DecisionTree::Node>& nodes;
  std::vector<double>& shares;
  size_t& depth;
  std::span<double> decreases;
};

// A split found so far, and its cost as a fraction; none: 1/0.
struct BestSplit {
  double numerator = 1;
  double denominator = 0;
  uint32_t feature = 0;
  uint32_t position = 0;                 // last place of the sorted column that goes left
  uint32_t left_row = 0, right_row = 0;  // a row with the largest value that goes left, and with the smallest other

  bool found() const { return denominator > 0; }
  bool is_perfect() const { return found() && numerator == 0; }
};

// splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): value i is a function of
// (seed, i).
class NodeRandom {
 public:
  explicit NodeRandom(uint64_t seed) : state_(seed) {}
  // In [0, bound), each to within bound / 2^64 of its share.
  uint32_t below(uint32_t bound) {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t bits = state_;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
    bits ^= bits >> 31;
    return static_cast<uint32_t>(static_cast<unsigned __int128>(bits) * bound >> 64);
  }

 private:
  uint64_t state_;
};
#endif
}  // namespace

#ifndef MANYSHOT_TREE_GROWER_BUFFERS
#define MANYSHOT_TREE_GROWER_BUFFERS
struct TreeGrower::Buffers {
  PositionBuffers<uint16_t> narrow;
  PositionBuffers<uint32_t> wide;
  std::vector<uint32_t> payload;     // [N] weight | class << 16
  std::vector<uint32_t> two_class;   // [N] weight | (weight << 16 if of the second class), for the rows of a node
  std::vector<uint8_t> member;       // [N] 1 for the rows of a node; 0 between nodes
  std::vector<uint64_t> bitmap;      // places taken; empty between features
  std::vector<uint64_t> summary;     // words of the bitmap that are not empty
  std::vector<uint32_t> left_pairs;  // [runs] weight | weight of the second class << 16, up to the end of each run
  std::vector<double> left_weight, left_squares, left_dot;  // [runs] the same for many classes
  std::vector<uint32_t> class_weights, left_classes;        // [K]
  std::vector<uint32_t> cells;                              // [values of a feature, classes]
  std::vector<uint32_t> features;                           // [F] in the order drawn
  std::vector<PendingNode> pending;
};
#endif

namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, 8>;
using DoubleVec = hn::Vec<Doubles>;
constexpr size_t kLanes = hn::MaxLanes(Doubles());

// The cheapest of the candidates seen, lane by lane; starts from the best split of other features.
struct LaneBest {
  DoubleVec numerator, denominator, index;

  HWY_INLINE explicit LaneBest(const BestSplit& best) {
    const Doubles d;
    numerator = hn::Set(d, best.numerator);
    denominator = hn::Set(d, best.denominator);
    index = hn::Set(d, -1.0);
  }
  HWY_INLINE void offer(DoubleVec num, DoubleVec den, DoubleVec at) {
    const auto better = hn::Lt(hn::Mul(num, denominator), hn::Mul(numerator, den));
    numerator = hn::IfThenElse(better, num, numerator);
    denominator = hn::IfThenElse(better, den, denominator);
    index = hn::IfThenElse(better, at, index);
  }
  // The first of the cheapest candidates, or -1 when none is cheaper than `best`, which it replaces otherwise.
  HWY_INLINE int64_t choose(BestSplit& best) const {
    const Doubles d;
    alignas(64) double nums[kLanes], dens[kLanes], indices[kLanes];
    hn::Store(numerator, d, nums);
    hn::Store(denominator, d, dens);
    hn::Store(index, d, indices);
    double chosen = -1;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      if (indices[lane] < 0) continue;
      const double mine = nums[lane] * best.denominator;
      const double other = best.numerator * dens[lane];
      if (mine < other || (mine == other && indices[lane] < chosen)) {
        best.numerator = nums[lane];
        best.denominator = dens[lane];
        chosen = indices[lane];
      }
    }
    return static_cast<int64_t>(chosen);
  }
};

// Candidates [first, last) given as pairs of weights; entries up to the next kLanes must hold `total`.
HWY_INLINE int64_t best_of_pairs(const uint32_t* pairs, size_t first, size_t last, uint32_t total, BestSplit& best) {
  const Doubles d;
  const hn::Rebind<uint32_t, Doubles> d_pair;
  const hn::Rebind<int32_t, Doubles> d_int;
  const DoubleVec all = hn::Set(d, static_cast<double>(total & 0xFFFF));
  const DoubleVec all_second = hn::Set(d, static_cast<double>(total >> 16));
  const auto low_half = hn::Set(d_pair, 0xFFFFu);
  const DoubleVec step = hn::Set(d, static_cast<double>(kLanes));
  DoubleVec index = hn::Iota(d, static_cast<double>(first));
  LaneBest lanes(best);
  for (size_t i = first; i < last; i += kLanes) {
    const auto pair = hn::LoadU(d_pair, pairs + i);
    const DoubleVec left = hn::PromoteTo(d, hn::BitCast(d_int, hn::And(pair, low_half)));
    const DoubleVec left_second = hn::PromoteTo(d, hn::BitCast(d_int, hn::ShiftRight<16>(pair)));
    const DoubleVec right = hn::Sub(all, left);
    const DoubleVec right_second = hn::Sub(all_second, left_second);
    const DoubleVec left_cost = hn::Mul(hn::Mul(left_second, hn::Sub(left, left_second)), right);
    const DoubleVec right_cost = hn::Mul(hn::Mul(right_second, hn::Sub(right, right_second)), left);
    lanes.offer(hn::Add(left_cost, right_cost), hn::Mul(left, right), index);
    index = hn::Add(index, step);
  }
  return lanes.choose(best);
}

// Candidates [first, last) given as weight, sum of squared class weights, and product with the node's class weights;
// entries up to the next kLanes must hold the node's own.
HWY_INLINE int64_t best_of_squares(const double* weights, const double* squares, const double* dots, size_t first,
                                   size_t last, double total, double total_squares, BestSplit& best) {
  const Doubles d;
  const DoubleVec all = hn::Set(d, total);
  const DoubleVec all_squares = hn::Set(d, total_squares);
  const DoubleVec step = hn::Set(d, static_cast<double>(kLanes));
  DoubleVec index = hn::Iota(d, static_cast<double>(first));
  LaneBest lanes(best);
  for (size_t i = first; i < last; i += kLanes) {
    const DoubleVec left = hn::LoadU(d, weights + i);
    const DoubleVec right = hn::Sub(all, left);
    const DoubleVec left_squares = hn::LoadU(d, squares + i);
    const DoubleVec dot = hn::LoadU(d, dots + i);
    const DoubleVec right_squares = hn::Add(hn::Sub(all_squares, hn::Add(dot, dot)), left_squares);
    const DoubleVec denominator = hn::Mul(left, right);
    const DoubleVec kept = hn::Add(hn::Mul(left_squares, right), hn::Mul(right_squares, left));
    lanes.offer(hn::Sub(hn::Mul(all, denominator), kept), denominator, index);
    index = hn::Add(index, step);
  }
  return lanes.choose(best);
}

template <class Position>
class Growth {
 public:
  Growth(const TreeTask& task, const SortedColumns<Position>& sorted, const TreeOptions& options,
         TreeGrower::Buffers& buffers, PositionBuffers<Position>& own, GrownTree& tree)
      : task_(task),
        sorted_(sorted),
        options_(options),
        b_(buffers),
        own_(own),
        tree_(tree),
        num_tried_(num_tried_features(options, sorted.num_features)),
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
  // What is known of the node at work.
  struct NodeState {
    const Position* rows = nullptr;
    size_t num_rows = 0;
    uint32_t weight = 0;
    double squares = 0;            // sum of squared class weights
    bool has_two_classes = false;  // then b_.two_class serves
    uint32_t pair = 0;             // weight | weight of the second class << 16
    bool by_scan = false;          // b_.member is set
  };

  void prepare() {
    const size_t num_rows = sorted_.num_rows;
    const auto num_classes = static_cast<size_t>(task_.num_classes);
    grow_to(own_.rows, num_rows);
    grow_to(own_.spare, num_rows);
    grow_to(own_.sorted, num_rows);
    grow_to(own_.group_end, num_rows);
    grow_to(b_.payload, num_rows);
    grow_to(b_.two_class, num_rows);
    grow_to(b_.member, num_rows);
    grow_to(b_.bitmap, num_rows / 64 + 1);
    grow_to(b_.summary, num_rows / 4096 + 1);
    grow_to(b_.left_pairs, num_rows + kPadding);
    grow_to(b_.left_weight, num_rows + kPadding);
    grow_to(b_.left_squares, num_rows + kPadding);
    grow_to(b_.left_dot, num_rows + kPadding);
    grow_to(b_.class_weights, num_classes);
    grow_to(b_.left_classes, num_classes);
    grow_to(b_.cells, num_rows + num_classes);
    b_.features.resize(sorted_.num_features);
    for (size_t feature = 0; feature < b_.features.size(); ++feature)
      b_.features[feature] = static_cast<uint32_t>(feature);
    std::fill(b_.class_weights.begin(), b_.class_weights.end(), 0);

    uint32_t count = 0;
    uint64_t total = 0;
    for (size_t row = 0; row < num_rows; ++row) {
      const uint32_t weight = task_.weights[row];
      assert(weight < 65'536);
      b_.payload[row] = weight | static_cast<uint32_t>(task_.labels[row]) << 16;
      own_.rows[count] = static_cast<Position>(row);
      count += weight > 0;
      total += weight;
    }
    assert(count > 0);
    pairs_fit_ = total < 65'536;
    total_weight_ = static_cast<double>(total);
    tree_.nodes.assign(1, {});
    tree_.shares.clear();
    tree_.depth = 0;
    std::fill(tree_.decreases.begin(), tree_.decreases.end(), 0.0);
    b_.pending.assign(1, {.node = 0, .begin = 0, .end = count, .depth = 0});
  }

  template <class T>
  static void grow_to(std::vector<T>& buffer, size_t size) {
    if (buffer.size() < size) buffer.resize(size);
  }

  void grow_node(const PendingNode& pending) {
    const size_t num_classes = static_cast<size_t>(task_.num_classes);
    NodeState node{.rows = own_.rows.data() + pending.begin, .num_rows = pending.end - pending.begin};
    uint32_t* weights = b_.class_weights.data();
    for (size_t i = 0; i < node.num_rows; ++i) {
      const uint32_t payload = b_.payload[node.rows[i]];
      weights[payload >> 16] += payload & 0xFFFF;
    }
    uint32_t num_present = 0;
    uint32_t last_present = 0;
    for (size_t k = 0; k < num_classes; ++k) {
      if (weights[k] == 0) continue;
      ++num_present;
      last_present = static_cast<uint32_t>(k);
      node.weight += weights[k];
      node.squares += static_cast<double>(weights[k]) * weights[k];
    }
    tree_.depth = std::max<size_t>(tree_.depth, pending.depth);

    BestSplit best;
    const auto min_leaf = static_cast<size_t>(options_.min_samples_leaf);
    const bool may_split = num_present > 1 && node.num_rows >= static_cast<size_t>(options_.min_samples_split) &&
                           node.num_rows >= 2 * min_leaf &&
                           (!options_.max_depth || pending.depth < static_cast<uint32_t>(*options_.max_depth));
    if (may_split) {
      node.has_two_classes = num_present == 2 && pairs_fit_;
      if (node.has_two_classes) node.pair = node.weight | weights[last_present] << 16;
      best = find_split(node, last_present);
    }
    if (!best.found()) {
      make_leaf(pending, node, num_present, last_present);
    } else {
      split(pending, node, best);
    }
    for (size_t k = 0; k < num_classes; ++k) weights[k] = 0;
  }

  void make_leaf(const PendingNode& pending, const NodeState& node, uint32_t num_present, uint32_t last_present) {
    DecisionTree::Node& leaf = tree_.nodes[pending.node];
    if (num_present == 1) {
      leaf = {.threshold = 0, .feature = DecisionTree::kPureLeaf, .next = last_present};
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

  BestSplit find_split(NodeState& node, uint32_t second_class) {
    if (node.has_two_classes) {
      for (size_t i = 0; i < node.num_rows; ++i) {
        const uint32_t payload = b_.payload[node.rows[i]];
        const uint32_t weight = payload & 0xFFFF;
        b_.two_class[node.rows[i]] = weight | (payload >> 16 == second_class ? weight << 16 : 0);
      }
    }
    node.by_scan = node.num_rows * 4 > sorted_.num_rows;
    if (node.by_scan) {
      for (size_t i = 0; i < node.num_rows; ++i) b_.member[node.rows[i]] = 1;
    }
    BestSplit best;
    const auto num_features = static_cast<uint32_t>(sorted_.num_features);
    bool all_constant = true;
    for (uint32_t drawn = 0; drawn < num_features && (drawn < num_tried_ || all_constant) && !best.is_perfect();
         ++drawn) {
      std::swap(b_.features[drawn], b_.features[drawn + random_.below(num_features - drawn)]);
      const uint32_t feature = b_.features[drawn];
      if (sorted_.num_distinct[feature] == 1) continue;
      all_constant &= !search_feature(node, feature, best);
    }
    if (node.by_scan) {
      for (size_t i = 0; i < node.num_rows; ++i) b_.member[node.rows[i]] = 0;
    }
    return best;
  }

  // False when the feature is constant in the node.
  bool search_feature(const NodeState& node, uint32_t feature, BestSplit& best) {
    sort_rows(node, feature);
    const size_t num_runs = find_runs(node, feature);
    if (num_runs == 1) return false;
    const bool one_row_each = num_runs == node.num_rows;
    // The candidates: behind run `first` at the earliest, and not behind the last run.
    size_t first = 0, last = num_runs - 1;
    const auto min_leaf = static_cast<size_t>(options_.min_samples_leaf);
    const auto rows_up_to = [&](size_t run) { return (one_row_each ? run : own_.group_end[run]) + size_t{1}; };
    while (first < last && rows_up_to(first) < min_leaf) ++first;
    while (first < last && node.num_rows - rows_up_to(last - 1) < min_leaf) --last;
    if (first == last) return true;

    const int64_t chosen = node.has_two_classes ? search_pairs(node, num_runs, first, last, best)
                                                : search_squares(node, num_runs, first, last, best);
    if (chosen < 0) return true;
    const size_t end = rows_up_to(static_cast<size_t>(chosen));
    best.feature = feature;
    best.left_row = own_.sorted[end - 1];
    best.right_row = own_.sorted[end];
    best.position = sorted_.position[feature * sorted_.num_rows + best.left_row];
    return true;
  }

  // own_.sorted: the node's rows by value.
  void sort_rows(const NodeState& node, uint32_t feature) {
    const size_t all_rows = sorted_.num_rows;
    const Position* order = sorted_.order.data() + feature * all_rows;
    const Position* position = sorted_.position.data() + feature * all_rows;
    Position* out = own_.sorted.data();
    if (node.by_scan) {
      size_t count = 0;
      for (size_t place = 0; place < all_rows && count < node.num_rows; ++place) {
        out[count] = order[place];
        count += b_.member[order[place]];
      }
      return;
    }
    if (node.num_rows <= 16) {
      for (size_t i = 0; i < node.num_rows; ++i) {
        const Position place = position[node.rows[i]];
        size_t j = i;
        for (; j > 0 && out[j - 1] > place; --j) out[j] = out[j - 1];
        out[j] = place;
      }
      for (size_t i = 0; i < node.num_rows; ++i) out[i] = order[out[i]];
      return;
    }
    for (size_t i = 0; i < node.num_rows; ++i) {
      const size_t place = position[node.rows[i]];
      b_.bitmap[place / 64] |= uint64_t{1} << place % 64;
      b_.summary[place / 4096] |= uint64_t{1} << place / 64 % 64;
    }
    const size_t num_summaries = all_rows / 4096 + 1;
    for (size_t s = 0; s < num_summaries; ++s) {
      for (uint64_t words = std::exchange(b_.summary[s], 0); words != 0; words &= words - 1) {
        const size_t word = s * 64 + static_cast<size_t>(std::countr_zero(words));
        for (uint64_t bits = std::exchange(b_.bitmap[word], 0); bits != 0; bits &= bits - 1) {
          *out++ = order[word * 64 + static_cast<size_t>(std::countr_zero(bits))];
        }
      }
    }
  }

  // Runs of equal values in own_.sorted; fills own_.group_end unless every row is a run of its own.
  size_t find_runs(const NodeState& node, uint32_t feature) {
    if (!sorted_.has_ties(feature)) return node.num_rows;
    const Position* rank = sorted_.ranks(feature);
    size_t run = 0;
    Position current = rank[own_.sorted[0]];
    for (size_t i = 0; i < node.num_rows; ++i) {
      const Position mine = rank[own_.sorted[i]];
      run += mine != current;
      current = mine;
      own_.group_end[run] = static_cast<Position>(i);
    }
    return run + 1;
  }

  int64_t search_pairs(const NodeState& node, size_t num_runs, size_t first, size_t last, BestSplit& best) {
    uint32_t* pairs = b_.left_pairs.data();
    uint32_t left = 0;
    if (num_runs == node.num_rows) {
      for (size_t i = 0; i < node.num_rows; ++i) pairs[i] = left += b_.two_class[own_.sorted[i]];
    } else {
      size_t i = 0;
      for (size_t run = 0; run < num_runs; ++run) {
        for (; i <= own_.group_end[run]; ++i) left += b_.two_class[own_.sorted[i]];
        pairs[run] = left;
      }
    }
    for (size_t i = last; i < last + kLanes; ++i) pairs[i] = node.pair;
    return best_of_pairs(pairs, first, last, node.pair, best);
  }

  int64_t search_squares(const NodeState& node, size_t num_runs, size_t first, size_t last, BestSplit& best) {
    const auto num_classes = static_cast<size_t>(task_.num_classes);
    uint32_t* left_classes = b_.left_classes.data();
    for (size_t k = 0; k < num_classes; ++k) left_classes[k] = 0;
    uint32_t weight = 0;
    uint64_t squares = 0, dot = 0;
    const bool one_row_each = num_runs == node.num_rows;
    size_t run = 0;
    for (size_t i = 0; i < node.num_rows; ++i) {
      const uint32_t payload = b_.payload[own_.sorted[i]];
      const uint32_t k = payload >> 16;
      const uint64_t mine = payload & 0xFFFF;
      const uint64_t before = left_classes[k];
      left_classes[k] = static_cast<uint32_t>(before + mine);
      weight += static_cast<uint32_t>(mine);
      squares += mine * (2 * before + mine);
      dot += mine * b_.class_weights[k];
      b_.left_weight[run] = weight;
      b_.left_squares[run] = static_cast<double>(squares);
      b_.left_dot[run] = static_cast<double>(dot);
      run += one_row_each || i == own_.group_end[run];
    }
    for (size_t i = last; i < last + kLanes; ++i) {
      b_.left_weight[i] = node.weight;
      b_.left_squares[i] = node.squares;
      b_.left_dot[i] = node.squares;
    }
    return best_of_squares(b_.left_weight.data(), b_.left_squares.data(), b_.left_dot.data(), first, last, node.weight,
                           node.squares, best);
  }

  void split(const PendingNode& pending, const NodeState& node, const BestSplit& best) {
    const Position* position = sorted_.position.data() + best.feature * sorted_.num_rows;
    Position* rows = own_.rows.data() + pending.begin;
    size_t num_left = 0, num_right = 0;
    for (size_t i = 0; i < node.num_rows; ++i) {
      const Position row = rows[i];
      const bool goes_left = position[row] <= best.position;
      rows[num_left] = row;
      own_.spare[num_right] = row;
      num_left += goes_left;
      num_right += !goes_left;
    }
    std::copy_n(own_.spare.begin(), num_right, rows + num_left);
    assert(num_left > 0 && num_right > 0);

    const auto left = static_cast<uint32_t>(tree_.nodes.size());
    tree_.nodes.resize(tree_.nodes.size() + 2);
    tree_.nodes[pending.node] = {.threshold = middle(task_.columns.at(best.left_row, best.feature),
                                                     task_.columns.at(best.right_row, best.feature)),
                                 .feature = static_cast<int32_t>(best.feature),
                                 .next = left};
    const auto boundary = pending.begin + static_cast<uint32_t>(num_left);
    b_.pending.push_back({.node = left + 1, .begin = boundary, .end = pending.end, .depth = pending.depth + 1});
    b_.pending.push_back({.node = left, .begin = pending.begin, .end = boundary, .depth = pending.depth + 1});
    if (!tree_.decreases.empty()) {
      const double before = node.weight - node.squares / node.weight;
      // Pairs give half of the cost (see the head of this file): l_0 l_1 instead of n_l^2 - l_0^2 - l_1^2.
      const double after = (node.has_two_classes ? 2 : 1) * best.numerator / best.denominator;
      tree_.decreases[best.feature] += (before - after) / total_weight_;
    }
  }

  // The largest float not above the middle: it parts the floats of both sides as the exact middle does.
  static float middle(float low, float high) {
    const double exact = 0.5 * double{low} + 0.5 * double{high};
    const auto rounded = static_cast<float>(exact);
    return rounded > exact ? std::nextafter(rounded, low) : rounded;
  }

  const TreeTask& task_;
  const SortedColumns<Position>& sorted_;
  const TreeOptions& options_;
  TreeGrower::Buffers& b_;
  PositionBuffers<Position>& own_;
  GrownTree& tree_;
  size_t num_tried_;
  NodeRandom random_;
  bool pairs_fit_ = false;
  double total_weight_ = 0;
};

void grow_tree(const TreeTask& task, const TreeOptions& options, TreeGrower::Buffers& buffers, GrownTree& tree) {
  if (task.ranked.is_narrow()) {
    Growth<uint16_t>(task, task.ranked.narrow(), options, buffers, buffers.narrow, tree).run();
  } else {
    Growth<uint32_t>(task, task.ranked.wide(), options, buffers, buffers.wide, tree).run();
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {
HWY_EXPORT(grow_tree);

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

}  // namespace manyshot
#endif
