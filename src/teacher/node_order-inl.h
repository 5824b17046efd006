// A node's rows in the order of a feature, for the Highway targets that include this file. They are sorted without
// comparing values: SortedColumns knows each row's place in the sorted column, and places are small integers.
#if defined(MANYSHOT_NODE_ORDER_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_NODE_ORDER_INL
#undef MANYSHOT_NODE_ORDER_INL
#else
#define MANYSHOT_NODE_ORDER_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <type_traits>
#include <utility>

#include "kernels/unroll.h"
#include "teacher/ranked_columns.h"
#include "teacher/tree_buffers.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::teacher {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// What is known of the node at work.
struct NodeState {
  const Entry* entries = nullptr;
  size_t num_rows = 0;
  uint32_t weight = 0;
  double squares = 0;            // sum of squared class weights
  bool has_two_classes = false;  // and entries are packed
  uint32_t second_class = 0;     // the higher one of two
  uint32_t pair = 0;             // weight | weight of the second class << 16

  NodeTotals totals() const { return {static_cast<double>(weight), squares}; }
  // `pair` of one packed entry.
  uint32_t pair_of(Entry entry) const {
    const uint32_t mine = entry & 0xFF;
    return mine | ((entry >> 8 & 0xFF) == second_class ? mine << 16 : 0);
  }
};

// What entries say. kIsPacked: they hold class and weight, and sums of weights fit 16 bits, their products 32.
template <bool kIsPacked>
struct EntryReader {
  const TreeTask& task;

  static size_t row_of(Entry entry) { return kIsPacked ? entry >> 16 : entry; }
  uint32_t class_of(Entry entry) const {
    return kIsPacked ? entry >> 8 & 0xFF : static_cast<uint32_t>(task.labels[row_of(entry)]);
  }
  uint32_t weight_of(Entry entry) const { return kIsPacked ? entry & 0xFF : task.weights[row_of(entry)]; }
  Entry make_entry(size_t row) const {
    if (!kIsPacked) return static_cast<Entry>(row);
    return static_cast<Entry>(row << 16) | static_cast<Entry>(task.labels[row]) << 8 | task.weights[row];
  }
};

// Calls even(entry) and odd(entry) for every other entry in turn: additions in memory wait for each other, so they go
// to two places.
template <class Even, class Odd>
HWY_INLINE void for_even_and_odd(const NodeState& node, const Even& even, const Odd& odd) {
  size_t i = 0;
  for (; i + 2 <= node.num_rows; i += 2) {
    even(node.entries[i]);
    odd(node.entries[i + 1]);
  }
  if (i < node.num_rows) even(node.entries[i]);
}

template <class Position, bool kIsPacked>
class NodeOrder {
 public:
  using Place = std::make_signed_t<Position>;
  using Places = hn::CappedTag<Place, 32>;
  static constexpr size_t kPlaceLanes = hn::MaxLanes(Places());
  static constexpr size_t kMaxCountedRows = 4 * kPlaceLanes;  // of a node whose places are fetched before

  NodeOrder(const SortedColumns<Position>& columns, TreeGrower::Buffers& buffers) : columns_(columns), b_(buffers) {}

  // The places of a node's entries, shifted into the range of signed numbers.
  void fetch_places(const NodeState& node, uint32_t feature, Place* places) const {
    constexpr Position kSignBit = Position{1} << (8 * sizeof(Position) - 1);
    const Position* position = columns_.position.data() + feature * columns_.num_rows;
    for (size_t i = 0; i < node.num_rows; ++i) {
      places[i] = static_cast<Place>(position[row_of(node.entries[i])] ^ kSignBit);
    }
  }

  // b_.sorted: the node's entries by value, and kLanes zeros.
  void sort(const NodeState& node, uint32_t feature, const Place* places) {
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

 private:
  static size_t row_of(Entry entry) { return EntryReader<kIsPacked>::row_of(entry); }

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

  const SortedColumns<Position>& columns_;
  TreeGrower::Buffers& b_;
};

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::teacher
HWY_AFTER_NAMESPACE();

#endif
