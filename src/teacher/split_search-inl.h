// The best split of a node by one feature, for the Highway targets that include this file: the sums of all candidates,
// then their costs (teacher/split_cost-inl.h). Class counts are integers, costs exact fractions.
#if defined(MANYSHOT_SPLIT_SEARCH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_SPLIT_SEARCH_INL
#undef MANYSHOT_SPLIT_SEARCH_INL
#else
#define MANYSHOT_SPLIT_SEARCH_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <utility>

#include "teacher/node_order-inl.h"
#include "teacher/split_cost-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::teacher {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Position, bool kIsPacked>
class SplitSearch {
 public:
  using Order = NodeOrder<Position, kIsPacked>;
  using Place = typename Order::Place;

  SplitSearch(const TreeTask& task, const SortedColumns<Position>& columns, const TreeOptions& options,
              TreeGrower::Buffers& buffers)
      : reader_{task},
        columns_(columns),
        min_leaf_(static_cast<size_t>(options.min_samples_leaf)),
        num_class_lanes_(whole_lanes(static_cast<size_t>(task.num_classes))),
        b_(buffers),
        order_(columns, buffers) {
    b_.reserve_search(columns.num_rows, static_cast<size_t>(task.num_classes), kIsPacked);
  }

  // Fetches what search_feature() needs of the feature. Called before the last one's is used: a vector cannot be read
  // at once after its parts were written.
  void prepare(const NodeState& node, uint32_t feature, Place* places) const {
    if (node.num_rows <= Order::kMaxCountedRows && !is_searched_by_value(node, feature)) {
      order_.fetch_places(node, feature, places);
    }
  }

  // False when the feature is constant in the node.
  bool search_feature(const NodeState& node, uint32_t feature, const Place* places, BestSplit& best) {
    if (is_searched_by_value(node, feature)) return search_values(node, feature, best);
    order_.sort(node, feature, places);
    const size_t num_runs = order_.find_runs(node, feature);
    if (num_runs == 1) return false;
    const bool one_row_each = num_runs == node.num_rows;
    // The candidates: behind run `first` at the earliest, and not behind the last run.
    size_t first = 0, last = num_runs - 1;
    const auto rows_up_to = [&](size_t run) { return (one_row_each ? run : b_.run_end[run]) + size_t{1}; };
    while (first < last && rows_up_to(first) < min_leaf_) ++first;
    while (first < last && node.num_rows - rows_up_to(last - 1) < min_leaf_) --last;
    if (first == last) return true;

    const CandidateRange range{first, last};
    const int64_t chosen = node.has_two_classes ? search_pairs(node, num_runs, range, best)
                           : kIsPacked          ? search_sums(node, num_runs, range, best)
                                                : search_squares(node, num_runs, range, best);
    if (chosen < 0) return true;
    const size_t end = rows_up_to(static_cast<size_t>(chosen));
    best.feature = feature;
    best.left_row = static_cast<uint32_t>(row_of(b_.sorted[end - 1]));
    best.right_row = static_cast<uint32_t>(row_of(b_.sorted[end]));
    return true;
  }

 private:
  static size_t row_of(Entry entry) { return EntryReader<kIsPacked>::row_of(entry); }

  // Whether adding up weights by value and class is quicker than sorting rows.
  bool is_searched_by_value(const NodeState& node, uint32_t feature) const {
    if (!kIsPacked || min_leaf_ != 1 || !columns_.is_grouped(feature)) return false;
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
      chosen = best_of_pairs(weights, {0, last}, node.pair, best);
    } else {
      const auto squares = static_cast<uint64_t>(node.squares);
      std::fill_n(weights + last, kLanes, node.weight);
      std::fill_n(b_.left_sums.data() + last, kLanes, squares | squares << 32);
      chosen = best_of_sums(weights, b_.left_sums.data(), {0, last}, node.totals(), best);
    }
    if (chosen < 0) return true;
    const Position* row_of_rank = columns_.row_of_rank.data() + feature * kMaxGroupedValues;
    best.feature = feature;
    best.left_row = row_of_rank[b_.run_end[static_cast<size_t>(chosen)]];
    best.right_row = row_of_rank[b_.run_end[static_cast<size_t>(chosen) + 1]];
    return true;
  }

  // b_.left_pairs: the sums up to each value that occurs in the node; b_.run_end: the value's rank. Returns how many
  // values occur. Cells of every other row are kept apart.
  size_t sum_pairs_by_value(const NodeState& node, uint32_t feature) {
    const Position* rank = columns_.ranks(feature);
    const size_t num_values = columns_.num_distinct[feature];
    uint32_t* cells = b_.cells.data();
    uint32_t* odd_cells = cells + num_values;
    for_even_and_odd(
        node, [&](Entry entry) { cells[rank[row_of(entry)]] += node.pair_of(entry); },
        [&](Entry entry) { odd_cells[rank[row_of(entry)]] += node.pair_of(entry); });
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
    for_even_and_odd(
        node, [&](Entry entry) { cells[cell_of(entry)] += entry & 0xFF; },
        [&](Entry entry) { odd_cells[cell_of(entry)] += entry & 0xFF; });

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

  int64_t search_pairs(const NodeState& node, size_t num_runs, const CandidateRange& range, BestSplit& best) {
    uint32_t* pairs = b_.left_pairs.data();
    const Entry* sorted = b_.sorted.data();
    if (num_runs == node.num_rows && range.first == 0 && range.last + 1 == num_runs) {
      return best_of_entries(sorted, node.num_rows, node.second_class, node.pair, best);
    }
    uint32_t left = 0;
    size_t i = 0;
    for (size_t run = 0; run < range.last; ++run) {
      const size_t end = num_runs == node.num_rows ? run : b_.run_end[run];
      for (; i <= end; ++i) left += node.pair_of(sorted[i]);
      pairs[run] = left;
    }
    for (i = range.last; i < range.last + kLanes; ++i) pairs[i] = node.pair;
    return best_of_pairs(pairs, range, node.pair, best);
  }

  // The sums of a candidate are those of its left or of its right side, whichever is quicker to have: the cost does not
  // change when the sides change places.
  int64_t search_sums(const NodeState& node, size_t num_runs, const CandidateRange& range, BestSplit& best) {
    const auto num_classes = static_cast<size_t>(reader_.task.num_classes);
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
      for (size_t run = 0; run < range.last; ++run) {
        weights[run] = weights[b_.run_end[run]];
        sums[run] = sums[b_.run_end[run]];
      }
    }
    if (range.last - range.first <= kFewCandidates) {
      return best_of_few_sums(weights, sums, range, node.totals(), best);
    }
    const auto squares = static_cast<uint64_t>(node.squares);
    for (size_t i = range.last; i < range.last + kLanes; ++i) {
      weights[i] = node.weight;
      sums[i] = squares | squares << 32;
    }
    return best_of_sums(weights, sums, range, node.totals(), best);
  }

  int64_t search_squares(const NodeState& node, size_t num_runs, const CandidateRange& range, BestSplit& best) {
    const auto num_classes = static_cast<size_t>(reader_.task.num_classes);
    uint32_t* left_classes = b_.left_classes.data();
    for (size_t k = 0; k < num_classes; ++k) left_classes[k] = 0;
    uint64_t weight = 0, squares = 0, dot = 0;
    const bool one_row_each = num_runs == node.num_rows;
    size_t run = 0;
    for (size_t i = 0; i < node.num_rows; ++i) {
      const uint32_t k = reader_.class_of(b_.sorted[i]);
      const uint64_t mine = reader_.weight_of(b_.sorted[i]);
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
    for (size_t i = range.last; i < range.last + kLanes; ++i) {
      b_.left_weight[i] = node.weight;
      b_.left_squares[i] = node.squares;
      b_.left_dot[i] = node.squares;
    }
    return best_of_squares(b_.left_weight.data(), b_.left_squares.data(), b_.left_dot.data(), range, node.totals(),
                           best);
  }

  EntryReader<kIsPacked> reader_;
  const SortedColumns<Position>& columns_;
  size_t min_leaf_;
  size_t num_class_lanes_;  // classes, rounded up to whole vectors
  TreeGrower::Buffers& b_;
  Order order_;
};

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::teacher
HWY_AFTER_NAMESPACE();

#endif
