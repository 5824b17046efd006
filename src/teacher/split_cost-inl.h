// The cheapest of many candidate splits, for the Highway targets that include this file. A split is judged by the
// fraction
//   (n n_l n_r - n_r sum_k l_k^2 - n_l sum_k r_k^2) / (n_l n_r),
// the weighted Gini impurity of both sides, whose parts are whole numbers; with two classes half of it is
//   (n_r l_0 l_1 + n_l r_0 r_1) / (n_l n_r).
// Fractions are compared by cross multiplication, exactly while n^5 < 2^53 and to the last bits of a double beyond.
// Candidates are dealt to kLanes lanes on every processor, so that no vector width can change a choice.
#if defined(MANYSHOT_SPLIT_COST_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef MANYSHOT_SPLIT_COST_INL
#undef MANYSHOT_SPLIT_COST_INL
#else
#define MANYSHOT_SPLIT_COST_INL
#endif

#include <hwy/highway.h>

#include <limits>

#include "kernels/unroll.h"
#include "teacher/tree_buffers.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::teacher {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::CappedTag<double, kLanes>;
using DoubleVec = hn::Vec<Doubles>;
constexpr size_t kVectorLanes = hn::MaxLanes(Doubles());
constexpr size_t kVectors = kLanes / kVectorLanes;
alignas(32) constexpr int32_t kLastLane[kLanes] = {kVectorLanes - 1, kVectorLanes - 1, kVectorLanes - 1,
                                                   kVectorLanes - 1, kVectorLanes - 1, kVectorLanes - 1,
                                                   kVectorLanes - 1, kVectorLanes - 1};
alignas(32) constexpr int32_t kFourthLane[kLanes] = {3, 3, 3, 3, 3, 3, 3, 3};

// The cheapest of the candidates seen, lane by lane; starts from the best split of other features.
struct LaneBest {
  DoubleVec numerator[kVectors], denominator[kVectors], index[kVectors];

  HWY_INLINE explicit LaneBest(const BestSplit& best) {
    const Doubles d;
    for (size_t v = 0; v < kVectors; ++v) {
      numerator[v] = hn::Set(d, best.numerator);
      denominator[v] = hn::Set(d, best.denominator);
      index[v] = hn::Set(d, -1.0);
    }
  }
  HWY_INLINE void offer(size_t v, DoubleVec num, DoubleVec den, DoubleVec at) {
    const auto better = hn::Lt(hn::Mul(num, denominator[v]), hn::Mul(numerator[v], den));
    numerator[v] = hn::IfThenElse(better, num, numerator[v]);
    denominator[v] = hn::IfThenElse(better, den, denominator[v]);
    index[v] = hn::IfThenElse(better, at, index[v]);
  }
  // The first of the cheapest candidates, or -1 when none is cheaper than `best`, which it replaces otherwise.
  HWY_INLINE int64_t choose(BestSplit& best) const {
    const Doubles d;
    DoubleVec seen = index[0];
    for (size_t v = 1; v < kVectors; ++v) seen = hn::Max(seen, index[v]);
    if (hn::AllTrue(d, hn::Lt(seen, hn::Zero(d)))) return -1;
    alignas(64) double nums[kLanes], dens[kLanes], indices[kLanes];
    for (size_t v = 0; v < kVectors; ++v) {
      hn::Store(numerator[v], d, nums + v * kVectorLanes);
      hn::Store(denominator[v], d, dens + v * kVectorLanes);
      hn::Store(index[v], d, indices + v * kVectorLanes);
    }
    constexpr double kNone = std::numeric_limits<double>::infinity();
    double chosen = kNone;
    double num = best.numerator, den = best.denominator;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double at = indices[lane] < 0 ? kNone : indices[lane];
      const double mine = nums[lane] * den;
      const double other = num * dens[lane];
      const bool better = (mine < other) | ((mine == other) & (at < chosen));
      num = better ? nums[lane] : num;
      den = better ? dens[lane] : den;
      chosen = better ? at : chosen;
    }
    best.numerator = num;
    best.denominator = den;
    return static_cast<int64_t>(chosen);
  }
};

using Pairs = hn::Rebind<uint32_t, Doubles>;
using PairVec = hn::Vec<Pairs>;

// Offers the candidates whose left sides weigh `pair`; the node weighs all, and its second class all_second.
HWY_INLINE void offer_pairs(LaneBest& lanes, size_t v, PairVec pair, DoubleVec all, DoubleVec all_second,
                            DoubleVec index) {
  const Doubles d;
  const hn::Rebind<int32_t, Doubles> d_int;
  const auto weight = hn::And(pair, hn::Set(Pairs(), 0xFFFFu));
  const DoubleVec left = hn::PromoteTo(d, hn::BitCast(d_int, weight));
  const DoubleVec left_second = hn::PromoteTo(d, hn::BitCast(d_int, hn::ShiftRight<16>(pair)));
  const DoubleVec right = hn::Sub(all, left);
  const DoubleVec right_second = hn::Sub(all_second, left_second);
  const DoubleVec left_cost = hn::Mul(hn::Mul(left_second, hn::Sub(left, left_second)), right);
  const DoubleVec right_cost = hn::Mul(hn::Mul(right_second, hn::Sub(right, right_second)), left);
  lanes.offer(v, hn::Add(left_cost, right_cost), hn::Mul(left, right), index);
}

// weight | (weight << 16 for entries of the second class)
HWY_INLINE PairVec pairs_of(PairVec entries, uint32_t second_class) {
  const Pairs d;
  const auto weight = hn::And(entries, hn::Set(d, 0xFFu));
  const auto is_second = hn::Eq(hn::And(entries, hn::Set(d, 0xFF00u)), hn::Set(d, second_class << 8));
  return hn::Or(weight, hn::IfThenElseZero(is_second, hn::ShiftLeft<16>(weight)));
}

// Sums of the lanes up to each.
HWY_INLINE PairVec running_sums(PairVec v) {
#if HWY_TARGET != HWY_SCALAR
  const Pairs d;
  v = hn::Add(v, hn::ShiftLeftLanes<1>(d, v));
  if constexpr (kVectorLanes > 2) v = hn::Add(v, hn::ShiftLeftLanes<2>(d, v));
  if constexpr (kVectorLanes > 4) {  // the shifts stay within four lanes
    const auto fourth = hn::TableLookupLanes(v, hn::SetTableIndices(d, kFourthLane));
    v = hn::Add(v, hn::IfThenElseZero(hn::Gt(hn::Iota(d, 0), hn::Set(d, 3u)), fourth));
  }
#endif
  return v;
}

// Calls offer(lanes, v, at, index) for every vector of candidates, `at` the first one's number and `index` all of
// theirs, then chooses. Reads up to the next kLanes candidates.
template <class Offer>
HWY_INLINE int64_t best_of(const CandidateRange& range, BestSplit& best, const Offer& offer) {
  const Doubles d;
  const DoubleVec step = hn::Set(d, static_cast<double>(kVectorLanes));
  DoubleVec index = hn::Iota(d, static_cast<double>(range.first));
  LaneBest lanes(best);
  for (size_t i = range.first; i < range.last; i += kLanes) {
    MANYSHOT_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      offer(lanes, v, i + v * kVectorLanes, index);
      index = hn::Add(index, step);
    }
  }
  return lanes.choose(best);
}

// Candidates [0, count - 1): behind each of the sorted entries but the last. Entries up to the next kLanes must be 0.
HWY_INLINE int64_t best_of_entries(const Entry* sorted, size_t count, uint32_t second_class, uint32_t total,
                                   BestSplit& best) {
  const Doubles d;
  const Pairs d_pair;
  const DoubleVec all = hn::Set(d, static_cast<double>(total & 0xFFFF));
  const DoubleVec all_second = hn::Set(d, static_cast<double>(total >> 16));
  const auto last_lane = hn::SetTableIndices(d_pair, kLastLane);
  PairVec before = hn::Zero(d_pair);
  return best_of({0, count - 1}, best, [&](LaneBest& lanes, size_t v, size_t at, DoubleVec index) HWY_ATTR {
    const PairVec entries = hn::LoadU(d_pair, sorted + at);
    const PairVec pairs = hn::Add(before, running_sums(pairs_of(entries, second_class)));
    before = hn::TableLookupLanes(pairs, last_lane);
    offer_pairs(lanes, v, pairs, all, all_second, index);
  });
}

// Candidates given as pairs of weights; entries up to the next kLanes must hold `total`.
HWY_INLINE int64_t best_of_pairs(const uint32_t* pairs, const CandidateRange& range, uint32_t total, BestSplit& best) {
  const Doubles d;
  const DoubleVec all = hn::Set(d, static_cast<double>(total & 0xFFFF));
  const DoubleVec all_second = hn::Set(d, static_cast<double>(total >> 16));
  return best_of(range, best, [&](LaneBest& lanes, size_t v, size_t at, DoubleVec index) HWY_ATTR {
    offer_pairs(lanes, v, hn::LoadU(Pairs(), pairs + at), all, all_second, index);
  });
}

// A whole number below 2^32 in each 64-bit lane: put into the low bits of 2^52, which is then taken away.
HWY_INLINE DoubleVec to_double(hn::Vec<hn::Rebind<uint64_t, Doubles>> numbers) {
  const Doubles d;
  const hn::Rebind<uint64_t, Doubles> d_bits;
  return hn::Sub(hn::BitCast(d, hn::Or(numbers, hn::Set(d_bits, uint64_t{0x4330000000000000}))), hn::Set(d, 0x1p52));
}

// The same as best_of_sums, one by one: quicker for a few candidates, which have just been written.
inline int64_t best_of_few_sums(const uint32_t* weights, const uint64_t* sums, const CandidateRange& range,
                                const NodeTotals& node, BestSplit& best) {
  int64_t chosen = -1;
  for (size_t i = range.first; i < range.last; ++i) {
    const double left = weights[i];
    const double right = node.weight - left;
    const auto left_squares = static_cast<double>(static_cast<int64_t>(sums[i] & 0xFFFFFFFF));
    const auto dot = static_cast<double>(static_cast<int64_t>(sums[i] >> 32));
    const double right_squares = node.squares - (dot + dot) + left_squares;
    const double denominator = left * right;
    const double numerator = node.weight * denominator - (left_squares * right + right_squares * left);
    if (numerator * best.denominator < best.numerator * denominator) {
      best.numerator = numerator;
      best.denominator = denominator;
      chosen = static_cast<int64_t>(i);
    }
  }
  return chosen;
}

// The left sides of some candidates: weight, sum of l_k^2, and sum of l_k n_k.
struct LeftSides {
  DoubleVec weight, squares, dot;
};

HWY_INLINE void offer_sums(LaneBest& lanes, size_t v, const LeftSides& left, const NodeTotals& node, DoubleVec index) {
  const Doubles d;
  const DoubleVec all = hn::Set(d, node.weight);
  const DoubleVec right = hn::Sub(all, left.weight);
  const DoubleVec right_squares = hn::Add(hn::Sub(hn::Set(d, node.squares), hn::Add(left.dot, left.dot)), left.squares);
  const DoubleVec denominator = hn::Mul(left.weight, right);
  const DoubleVec kept = hn::Add(hn::Mul(left.squares, right), hn::Mul(right_squares, left.weight));
  lanes.offer(v, hn::Sub(hn::Mul(all, denominator), kept), denominator, index);
}

// Candidates given as weight, and as sum of l_k^2 | sum of l_k n_k << 32; entries up to the next kLanes must hold the
// node's own.
HWY_INLINE int64_t best_of_sums(const uint32_t* weights, const uint64_t* sums, const CandidateRange& range,
                                const NodeTotals& node, BestSplit& best) {
  return best_of(range, best, [&](LaneBest& lanes, size_t v, size_t at, DoubleVec index) HWY_ATTR {
    const Doubles d;
    const hn::Rebind<uint64_t, Doubles> d_sum;
    const hn::Rebind<int32_t, Doubles> d_int;
    const DoubleVec left = hn::PromoteTo(d, hn::LoadU(d_int, reinterpret_cast<const int32_t*>(weights) + at));
    const auto sum = hn::LoadU(d_sum, sums + at);
    const DoubleVec left_squares = to_double(hn::And(sum, hn::Set(d_sum, uint64_t{0xFFFFFFFF})));
    offer_sums(lanes, v, {left, left_squares, to_double(hn::ShiftRight<32>(sum))}, node, index);
  });
}

// Candidates given as weight, sum of squared class weights, and product with the node's class weights; entries up to
// the next kLanes must hold the node's own.
HWY_INLINE int64_t best_of_squares(const double* weights, const double* squares, const double* dots,
                                   const CandidateRange& range, const NodeTotals& node, BestSplit& best) {
  return best_of(range, best, [&](LaneBest& lanes, size_t v, size_t at, DoubleVec index) HWY_ATTR {
    const Doubles d;
    offer_sums(lanes, v, {hn::LoadU(d, weights + at), hn::LoadU(d, squares + at), hn::LoadU(d, dots + at)}, node,
               index);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::teacher
HWY_AFTER_NAMESPACE();

#endif
