// How a tree grows. A node's rows are put in the order of a feature without comparing values: RankedColumns knows each
// row's place in the sorted column, and places are small integers. Class counts are integers, the costs of splits are
// exact fractions (teacher/split_cost-inl.h).
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <type_traits>
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

#include "kernels/unroll.h"
#include "teacher/split_cost-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// kIsPacked: entries hold class and weight, and sums of weights fit 16 bits, their products 32.
template <class Position, bool kIsPacked>
class Growth {
 public:
  Growth(const TreeTask& task, const SortedColumns<Position>& columns, const TreeOptions& options,
         TreeGrower::Buffers& buffers, GrownTree& tree)
      : task_(task),
        columns_(columns),
        options_(options),
        b_(buffers),
        tree_(tree),
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
  using Place = std::make_signed_t<Position>;
  using Places = hn::CappedTag<Place, 32>;
  static constexpr size_t kPlaceLanes = hn::MaxLanes(Places());
  static constexpr size_t kMaxCountedRows = 4 * kPlaceLanes;

  // What is known of the node at work.
  struct NodeState {
    const Entry* entries = nullptr;
    size_t num_rows = 0;
    uint32_t weight = 0;
    double squares = 0;            // sum of squared class weights
    bool has_two_classes = false;  // and entries are packed
    uint32_t second_class = 0;     // the higher one of two
    uint32_t pair = 0;             // weight | weight of the second class << 16
  };

  static size_t row_of(Entry entry) { return kIsPacked ? entry >> 16 : entry; }
  uint32_t class_of(Entry entry) const {
    return kIsPacked ? entry >> 8 & 0xFF : static_cast<uint32_t>(task_.labels[row_of(entry)]);
  }
  uint32_t weight_of(Entry entry) const { return kIsPacked ? entry & 0xFF : task_.weights[row_of(entry)]; }
  Entry make_entry(size_t row) const {
    if (!kIsPacked) return static_cast<Entry>(row);
    return static_cast<Entry>(row << 16) | static_cast<Entry>(task_.labels[row]) << 8 | task_.weights[row];
  }

  void prepare() {
    const size_t num_rows = columns_.num_rows;
    const auto num_classes = static_cast<size_t>(task_.num_classes);
    grow_to(b_.entries, num_rows + kPadding);
    grow_to(b_.spare, num_rows + kPadding);
    grow_to(b_.sorted, num_rows + kPadding);
    grow_to(b_.run_end, num_rows + kPadding);
    grow_to(b_.entry_of_row, num_rows);
    grow_to(b_.slots, num_rows + kPadding);
    grow_to(b_.bitmap, num_rows / 64 + 1);
    grow_to(b_.summary, num_rows / 4096 + 1);
    grow_to(b_.left_pairs, num_rows + kPadding);
    grow_to(b_.left_sums, num_rows + kPadding);
    if (!kIsPacked) {
      grow_to(b_.left_weight, num_rows + kPadding);
      grow_to(b_.left_squares, num_rows + kPadding);
      grow_to(b_.left_dot, num_rows + kPadding);
    }
    grow_to(b_.class_states, 2 * (num_classes + kLanes));
    grow_to(b_.class_weights, num_classes + kLanes);
    grow_to(b_.odd_class_weights, num_classes);
    num_class_lanes_ = (num_classes + kLanes - 1) / kLanes * kLanes;
    grow_to(b_.left_classes, num_class_lanes_);
    if (kIsPacked) grow_to(b_.cells, 2 * std::min(kMaxGroupedValues, num_rows) * num_class_lanes_);
    b_.features.resize(columns_.num_features);
    for (size_t feature = 0; feature < b_.features.size(); ++feature) {
      b_.features[feature] = static_cast<uint32_t>(feature);
    }
    std::fill(b_.class_weights.begin(), b_.class_weights.end(), 0);
    std::fill(b_.odd_class_weights.begin(), b_.odd_class_weights.end(), 0);

    uint32_t count = 0;
    uint64_t total = 0;
    for (size_t row = 0; row < num_rows; ++row) {
      b_.entries[count] = b_.entry_of_row[row] = make_entry(row);
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

  // New elements are 0.
  template <class T>
  static void grow_to(std::vector<T>& buffer, size_t size) {
    if (buffer.size() < size) buffer.resize(size);
  }

  void grow_node(const PendingNode& pending) {
    const auto num_classes = static_cast<size_t>(task_.num_classes);
    const Entry* entries = b_.entries.data() + pending.begin;
    NodeState node{.entries = entries, .num_rows = pending.end - pending.begin};
    uint32_t* weights = b_.class_weights.data();
    uint32_t* odd_weights = b_.odd_class_weights.data();  // of every other row: additions in memory wait for each other
    size_t i = 0;
    for (; i + 2 <= node.num_rows; i += 2) {
      weights[class_of(entries[i])] += weight_of(entries[i]);
      odd_weights[class_of(entries[i + 1])] += weight_of(entries[i + 1]);
    }
    if (i < node.num_rows) weights[class_of(entries[i])] += weight_of(entries[i]);
    uint32_t num_present = 0;
    uint64_t squares = 0;
    uint32_t last_present = 0;
    for (size_t k = 0; k < num_classes; ++k) {
      weights[k] += std::exchange(odd_weights[k], 0);
      const bool is_present = weights[k] > 0;
      num_present += is_present;
      last_present = is_present ? static_cast<uint32_t>(k) : last_present;
      node.weight += weights[k];
      squares += uint64_t{weights[k]} * weights[k];
    }
    node.squares = static_cast<double>(squares);
    tree_.depth = std::max<size_t>(tree_.depth, pending.depth);

    BestSplit best;
    const auto min_leaf = static_cast<size_t>(options_.min_samples_leaf);
    const bool may_split = num_present > 1 && node.num_rows >= static_cast<size_t>(options_.min_samples_split) &&
                           node.num_rows >= 2 * min_leaf &&
                           (!options_.max_depth || pending.depth < static_cast<uint32_t>(*options_.max_depth));
    if (may_split) {
      node.has_two_classes = kIsPacked && num_present == 2;
      node.second_class = last_present;
      node.pair = node.weight | weights[last_present] << 16;
      best = find_split(node);
    }
    if (best.found()) {
      split(pending, node, best);
    } else {
      make_leaf(pending, node, num_present, last_present);
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

  BestSplit find_split(const NodeState& node) {
    BestSplit best;
    const auto num_features = static_cast<uint32_t>(columns_.num_features);
    const auto draw = [&](uint32_t drawn) {
      std::swap(b_.features[drawn], b_.features[drawn + static_cast<uint32_t>(random_.below(num_features - drawn))]);
    };
    const bool by_counting = node.num_rows <= kMaxCountedRows;
    bool all_constant = true;
    for (uint32_t i = 0, drawn = 0; i < num_features && (i < num_tried_ || all_constant); ++i) {
      // The next feature's places are fetched before this one's are used: a vector cannot be read at once after its
      // parts were written.
      for (; drawn <= i || (drawn == i + 1 && drawn < num_tried_); ++drawn) {
        draw(drawn);
        if (by_counting && !is_searched_by_value(node, b_.features[drawn]))
          fetch_places(node, b_.features[drawn], places_[drawn % 2]);
      }
      const uint32_t feature = b_.features[i];
      if (columns_.num_distinct[feature] == 1) continue;
      all_constant &= !search_feature(node, feature, places_[i % 2], best);
      if (best.is_perfect()) break;
    }
    return best;
  }

  // False when the feature is constant in the node.
  bool search_feature(const NodeState& node, uint32_t feature, const Place* places, BestSplit& best) {
    if (is_searched_by_value(node, feature)) return search_values(node, feature, best);
    sort_entries(node, feature, places);
    const size_t num_runs = find_runs(node, feature);
    if (num_runs == 1) return false;
    const bool one_row_each = num_runs == node.num_rows;
    // The candidates: behind run `first` at the earliest, and not behind the last run.
    size_t first = 0, last = num_runs - 1;
    const auto min_leaf = static_cast<size_t>(options_.min_samples_leaf);
    const auto rows_up_to = [&](size_t run) { return (one_row_each ? run : b_.run_end[run]) + size_t{1}; };
    while (first < last && rows_up_to(first) < min_leaf) ++first;
    while (first < last && node.num_rows - rows_up_to(last - 1) < min_leaf) --last;
    if (first == last) return true;

    const int64_t chosen = node.has_two_classes ? search_pairs(node, num_runs, first, last, best)
                           : kIsPacked          ? search_sums(node, num_runs, first, last, best)
                                                : search_squares(node, num_runs, first, last, best);
    if (chosen < 0) return true;
    const size_t end = rows_up_to(static_cast<size_t>(chosen));
    best.feature = feature;
    best.left_row = static_cast<uint32_t>(row_of(b_.sorted[end - 1]));
    best.right_row = static_cast<uint32_t>(row_of(b_.sorted[end]));
    return true;
  }

  // Whether adding up weights by value and class is quicker than sorting rows.
  bool is_searched_by_value(const NodeState& node, uint32_t feature) const {
    if (!kIsPacked || options_.min_samples_leaf != 1 || !columns_.is_grouped(feature)) return false;
    const size_t vectors = node.has_two_classes ? 1 : num_class_lanes_ / kLanes;
    return columns_.num_distinct[feature] * vectors <= node.num_rows;
  }

  // search_feature for a column with few values.
  bool search_values(const NodeState& node, uint32_t feature, BestSplit& best) {
    const size_t num_runs =
        node.has_two_classes ? sum_pairs_by_value(node, feature) : sum_classes_by_value(node, feature);
    if (num_runs == 1) return false;
    uint32_t* weights = b_.left_pairs.data();
    const size_t last = num_runs - 1;
    int64_t chosen;
    if (node.has_two_classes) {
      std::fill_n(weights + last, kLanes, node.pair);
      chosen = best_of_pairs(weights, 0, last, node.pair, best);
    } else {
      const auto squares = static_cast<uint64_t>(node.squares);
      std::fill_n(weights + last, kLanes, node.weight);
      std::fill_n(b_.left_sums.data() + last, kLanes, squares | squares << 32);
      chosen = best_of_sums(weights, b_.left_sums.data(), 0, last, node.weight, node.squares, best);
    }
    if (chosen < 0) return true;
    const Position* row_of_rank = columns_.row_of_rank.data() + feature * kMaxGroupedValues;
    best.feature = feature;
    best.left_row = row_of_rank[b_.run_end[static_cast<size_t>(chosen)]];
    best.right_row = row_of_rank[b_.run_end[static_cast<size_t>(chosen) + 1]];
    return true;
  }

  // b_.left_pairs: the sums up to each value that occurs in the node; b_.run_end: the value's rank. Returns how many
  // values occur. Cells of every other row are kept apart: additions in memory wait for each other.
  size_t sum_pairs_by_value(const NodeState& node, uint32_t feature) {
    const Position* rank = columns_.ranks(feature);
    const size_t num_values = columns_.num_distinct[feature];
    uint32_t* cells = b_.cells.data();
    uint32_t* odd_cells = cells + num_values;
    const auto pair_of = [&](Entry entry) {
      const uint32_t weight = entry & 0xFF;
      return weight | ((entry >> 8 & 0xFF) == node.second_class ? weight << 16 : 0);
    };
    size_t i = 0;
    for (; i + 2 <= node.num_rows; i += 2) {
      cells[rank[row_of(node.entries[i])]] += pair_of(node.entries[i]);
      odd_cells[rank[row_of(node.entries[i + 1])]] += pair_of(node.entries[i + 1]);
    }
    if (i < node.num_rows) cells[rank[row_of(node.entries[i])]] += pair_of(node.entries[i]);
    uint32_t left = 0;
    size_t run = 0;
    for (size_t value = 0; value < num_values; ++value) {
      const uint32_t pair = std::exchange(cells[value], 0) + std::exchange(odd_cells[value], 0);
      left += pair;
      b_.left_pairs[run] = left;
      b_.run_end[run] = static_cast<uint32_t>(value);
      run += pair > 0;
    }
    return run;
  }

  // The same for more classes: weights in b_.left_pairs, squares and products in b_.left_sums.
  size_t sum_classes_by_value(const NodeState& node, uint32_t feature) {
    const Position* rank = columns_.ranks(feature);
    const size_t num_values = columns_.num_distinct[feature];
    uint32_t* cells = b_.cells.data();
    uint32_t* odd_cells = cells + num_values * num_class_lanes_;
    const auto cell_of = [&](Entry entry) { return rank[row_of(entry)] * num_class_lanes_ + (entry >> 8 & 0xFF); };
    size_t i = 0;
    for (; i + 2 <= node.num_rows; i += 2) {
      cells[cell_of(node.entries[i])] += node.entries[i] & 0xFF;
      odd_cells[cell_of(node.entries[i + 1])] += node.entries[i + 1] & 0xFF;
    }
    if (i < node.num_rows) cells[cell_of(node.entries[i])] += node.entries[i] & 0xFF;

    const hn::CappedTag<uint32_t, kLanes> d;
    uint32_t* left_classes = b_.left_classes.data();
    std::fill_n(left_classes, num_class_lanes_, 0u);
    uint32_t before = 0;
    size_t run = 0;
    for (size_t value = 0; value < num_values; ++value) {
      auto weight = hn::Zero(d), squares = hn::Zero(d), dot = hn::Zero(d);
      for (size_t k = 0; k < num_class_lanes_; k += hn::Lanes(d)) {
        uint32_t* cell = cells + value * num_class_lanes_ + k;
        uint32_t* odd_cell = odd_cells + value * num_class_lanes_ + k;
        const auto left = hn::Add(hn::LoadU(d, left_classes + k), hn::Add(hn::LoadU(d, cell), hn::LoadU(d, odd_cell)));
        hn::StoreU(left, d, left_classes + k);
        hn::StoreU(hn::Zero(d), d, cell);
        hn::StoreU(hn::Zero(d), d, odd_cell);
        weight = hn::Add(weight, left);
        squares = hn::Add(squares, hn::Mul(left, left));
        dot = hn::Add(dot, hn::Mul(left, hn::LoadU(d, b_.class_weights.data() + k)));
      }
      const uint32_t total = hn::GetLane(hn::SumOfLanes(d, weight));
      b_.left_pairs[run] = total;
      b_.left_sums[run] = hn::GetLane(hn::SumOfLanes(d, squares)) | uint64_t{hn::GetLane(hn::SumOfLanes(d, dot))} << 32;
      b_.run_end[run] = static_cast<uint32_t>(value);
      run += total > before;
      before = total;
    }
    return run;
  }

  // b_.sorted: the node's entries by value, and kLanes zeros.
  void sort_entries(const NodeState& node, uint32_t feature, const Place* places) {
    const Position* position = columns_.position.data() + feature * columns_.num_rows;
    if (node.num_rows <= kPlaceLanes) {
      sort_by_counting<1>(node, places);
    } else if (node.num_rows <= 2 * kPlaceLanes) {
      sort_by_counting<2>(node, places);
    } else if (node.num_rows <= kMaxCountedRows) {
      sort_by_counting<4>(node, places);
    } else if (kIsPacked && node.num_rows * 32 >= columns_.num_rows) {
      sort_by_slots(node, position);
    } else {
      sort_by_bitmap(node, position, columns_.order.data() + feature * columns_.num_rows);
    }
    std::fill_n(b_.sorted.data() + node.num_rows, kLanes, Entry{0});
  }

  // The places of a node's entries, shifted into the range of signed numbers.
  void fetch_places(const NodeState& node, uint32_t feature, Place* places) const {
    constexpr Position kSignBit = Position{1} << (8 * sizeof(Position) - 1);
    const Position* position = columns_.position.data() + feature * columns_.num_rows;
    for (size_t i = 0; i < node.num_rows; ++i) {
      places[i] = static_cast<Place>(position[row_of(node.entries[i])] ^ kSignBit);
    }
  }

  // Each entry goes where the number of smaller places says: n^2 comparisons, kBlocks vectors of them at a time.
  // REQUIRES: at most kBlocks * kPlaceLanes rows.
  template <size_t kBlocks>
  HWY_INLINE void sort_by_counting(const NodeState& node, const Place* places) {
    const Places d;
    HWY_ALIGN Place smaller[kBlocks * kPlaceLanes];
    const size_t count = node.num_rows;
    hn::Vec<Places> mine[kBlocks], sum[kBlocks];
    MANYSHOT_UNROLL
    for (size_t block = 0; block < kBlocks; ++block) {
      mine[block] = hn::Load(d, places + block * kPlaceLanes);  // beyond `count` anything
      sum[block] = hn::Zero(d);
    }
    for (size_t i = 0; i < count; ++i) {
      const auto other = hn::Set(d, places[i]);
      MANYSHOT_UNROLL
      for (size_t block = 0; block < kBlocks; ++block) {
        sum[block] = hn::Sub(sum[block], hn::VecFromMask(d, hn::Gt(mine[block], other)));
      }
    }
    MANYSHOT_UNROLL
    for (size_t block = 0; block < kBlocks; ++block) hn::Store(sum[block], d, smaller + block * kPlaceLanes);
    for (size_t i = 0; i < count; ++i) b_.sorted[static_cast<size_t>(smaller[i])] = node.entries[i];
  }

  // Each entry goes to its place in an array of all places; what is not 0 there is then pushed together.
  void sort_by_slots(const NodeState& node, const Position* position) {
    Entry* slots = b_.slots.data();
    for (size_t i = 0; i < node.num_rows; ++i) slots[position[row_of(node.entries[i])]] = node.entries[i];
    const hn::CappedTag<Entry, kPadding / 2> d;
    Entry* out = b_.sorted.data();
    for (size_t place = 0; place < columns_.num_rows; place += hn::Lanes(d)) {
      const auto entries = hn::LoadU(d, slots + place);
      hn::StoreU(hn::Zero(d), d, slots + place);
      const auto taken = hn::Ne(entries, hn::Zero(d));
      hn::StoreU(hn::Compress(entries, taken), d, out);
      out += hn::CountTrue(d, taken);
    }
  }

  // The same with a bit a place, and a bit for each word of bits, for few rows of a long column.
  void sort_by_bitmap(const NodeState& node, const Position* position, const Position* order) {
    for (size_t i = 0; i < node.num_rows; ++i) {
      const size_t place = position[row_of(node.entries[i])];
      b_.bitmap[place / 64] |= uint64_t{1} << place % 64;
      b_.summary[place / 4096] |= uint64_t{1} << place / 64 % 64;
    }
    Entry* out = b_.sorted.data();
    const size_t num_summaries = columns_.num_rows / 4096 + 1;
    for (size_t s = 0; s < num_summaries; ++s) {
      for (uint64_t words = std::exchange(b_.summary[s], 0); words != 0; words &= words - 1) {
        const size_t word = s * 64 + static_cast<size_t>(std::countr_zero(words));
        for (uint64_t bits = std::exchange(b_.bitmap[word], 0); bits != 0; bits &= bits - 1) {
          *out++ = b_.entry_of_row[order[word * 64 + static_cast<size_t>(std::countr_zero(bits))]];
        }
      }
    }
  }

  // Runs of equal values in b_.sorted; fills b_.run_end unless every row is a run of its own.
  size_t find_runs(const NodeState& node, uint32_t feature) {
    if (!columns_.has_ties(feature)) return node.num_rows;
    const Position* rank = columns_.ranks(feature);
    size_t run = 0;
    Position current = rank[row_of(b_.sorted[0])];
    for (size_t i = 0; i < node.num_rows; ++i) {
      const Position mine = rank[row_of(b_.sorted[i])];
      run += mine != current;
      current = mine;
      b_.run_end[run] = static_cast<uint32_t>(i);
    }
    return run + 1;
  }

  int64_t search_pairs(const NodeState& node, size_t num_runs, size_t first, size_t last, BestSplit& best) {
    uint32_t* pairs = b_.left_pairs.data();
    const Entry* sorted = b_.sorted.data();
    if (num_runs == node.num_rows && first == 0 && last + 1 == num_runs) {
      return best_of_entries(sorted, node.num_rows, node.second_class, node.pair, best);
    }
    uint32_t left = 0;
    const auto add = [&](Entry entry) {
      const uint32_t weight = entry & 0xFF;
      left += weight | ((entry >> 8 & 0xFF) == node.second_class ? weight << 16 : 0);
    };
    size_t i = 0;
    for (size_t run = 0; run < last; ++run) {
      const size_t end = num_runs == node.num_rows ? run : b_.run_end[run];
      for (; i <= end; ++i) add(sorted[i]);
      pairs[run] = left;
    }
    for (i = last; i < last + kLanes; ++i) pairs[i] = node.pair;
    return best_of_pairs(pairs, first, last, node.pair, best);
  }

  // The sums of a candidate are those of its left or of its right side, whichever is quicker to have: the cost does not
  // change when the sides change places.
  int64_t search_sums(const NodeState& node, size_t num_runs, size_t first, size_t last, BestSplit& best) {
    const auto num_classes = static_cast<size_t>(task_.num_classes);
    uint64_t* left_states = b_.class_states.data();
    uint64_t* right_states = left_states + num_classes + kLanes;
    const hn::Rebind<uint64_t, Doubles> d_state;
    for (size_t k = 0; k < num_classes; k += kVectorLanes) {
      const auto state = hn::ShiftLeft<32>(hn::PromoteTo(d_state, hn::LoadU(Pairs(), b_.class_weights.data() + k)));
      hn::StoreU(state, d_state, left_states + k);
      hn::StoreU(state, d_state, right_states + k);
    }
    uint32_t* weights = b_.left_pairs.data();
    uint64_t* sums = b_.left_sums.data();
    const Entry* sorted = b_.sorted.data();
    // One more row of weight w adds w (2 l_k + w) to the squares and w n_k to the product. Each class waits for its own
    // last change in memory; from both ends at once, two such waits overlap.
    const auto add = [](Entry entry, uint64_t* states, uint32_t& weight, uint64_t& sum) {
      const uint32_t mine = entry & 0xFF;
      uint64_t& state = states[entry >> 8 & 0xFF];
      weight += mine;
      sum += mine * (state + mine);
      state += 2 * mine;
    };
    uint32_t left_weight = 0, right_weight = 0;
    uint64_t left_sum = 0, right_sum = 0;
    size_t left = 0, right = node.num_rows - 1;  // candidates [left, right) are open
    for (; left < right; ++left) {
      add(sorted[right], right_states, right_weight, right_sum);
      --right;
      weights[right] = right_weight;
      sums[right] = right_sum;
      if (left == right) break;
      add(sorted[left], left_states, left_weight, left_sum);
      weights[left] = left_weight;
      sums[left] = left_sum;
    }
    if (num_runs < node.num_rows) {
      for (size_t run = 0; run < last; ++run) {
        weights[run] = weights[b_.run_end[run]];
        sums[run] = sums[b_.run_end[run]];
      }
    }
    if (last - first <= kFewCandidates) {
      return best_of_few_sums(weights, sums, first, last, node.weight, node.squares, best);
    }
    const auto squares = static_cast<uint64_t>(node.squares);
    for (size_t i = last; i < last + kLanes; ++i) {
      weights[i] = node.weight;
      sums[i] = squares | squares << 32;
    }
    return best_of_sums(weights, sums, first, last, node.weight, node.squares, best);
  }

  int64_t search_squares(const NodeState& node, size_t num_runs, size_t first, size_t last, BestSplit& best) {
    const auto num_classes = static_cast<size_t>(task_.num_classes);
    uint32_t* left_classes = b_.left_classes.data();
    for (size_t k = 0; k < num_classes; ++k) left_classes[k] = 0;
    uint64_t weight = 0, squares = 0, dot = 0;
    const bool one_row_each = num_runs == node.num_rows;
    size_t run = 0;
    for (size_t i = 0; i < node.num_rows; ++i) {
      const uint32_t k = class_of(b_.sorted[i]);
      const uint64_t mine = weight_of(b_.sorted[i]);
      const uint64_t before = left_classes[k];
      left_classes[k] = static_cast<uint32_t>(before + mine);
      weight += mine;
      squares += mine * (2 * before + mine);
      dot += mine * b_.class_weights[k];
      b_.left_weight[run] = static_cast<double>(weight);
      b_.left_squares[run] = static_cast<double>(squares);
      b_.left_dot[run] = static_cast<double>(dot);
      run += one_row_each || i == b_.run_end[run];
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
    const Position* rank = columns_.ranks(best.feature);
    const Position boundary = rank[best.left_row];
    Entry* entries = b_.entries.data() + pending.begin;
    Entry* spare = b_.spare.data();
    size_t num_left = 0, num_right = 0;
    for (size_t i = 0; i < node.num_rows; ++i) {
      const Entry entry = entries[i];
      const bool goes_left = rank[row_of(entry)] <= boundary;
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
  const SortedColumns<Position>& columns_;
  const TreeOptions& options_;
  TreeGrower::Buffers& b_;
  GrownTree& tree_;
  size_t num_tried_;
  CounterRandom random_;
  double total_weight_ = 0;
  size_t num_class_lanes_ = 0;                       // classes, rounded up to whole vectors
  HWY_ALIGN Place places_[2][kMaxCountedRows] = {};  // of this feature and the next, for small nodes
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
