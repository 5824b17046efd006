#include "prior/scm/boosted_trees.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "prior/scm/boosted_trees.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include <hwy/highway.h>

#include "kernels/unroll.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot::prior {

using kernels::AlignedBuffer;

// One definition for all targets.
#ifndef MANYSHOT_BOOSTED_TREES_TYPES
#define MANYSHOT_BOOSTED_TREES_TYPES
struct GrowingNode {
  std::array<float, kMaxTreeOutputs> total{};  // sum of gradients
  uint32_t first = 0;                          // its rows stand together
  uint32_t count = 0;
  float best_gain = 1e-6f;  // what a split must add, as XGBoost has it
  int32_t best_feature = -1;
  uint32_t best_bin = 0;  // left: bins up to this one
};

namespace {

constexpr size_t kNumBins = 256;

// One feature, the rows of all nodes, and where histograms go.
struct FeaturePass {
  const uint8_t* bins = nullptr;  // by row
  size_t num_bins = 0;
  int32_t feature = 0;
  const uint32_t* rows = nullptr;    // node after node
  const float* gradients = nullptr;  // in the order of `rows`
  const float* inverse = nullptr;
  float* histogram = nullptr;  // [256, lanes]
  uint32_t* counts = nullptr;  // [256]
};

}  // namespace
#endif

namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::CappedTag<float, 8>;
using LaneVec = hn::Vec<Lanes>;
inline constexpr size_t kLanes = hn::MaxLanes(Lanes());

// For each node the histogram of one feature, and the best split in it. kVectors vectors hold a row's gradients.
template <size_t kVectors>
HWY_INLINE void search_feature(const FeaturePass& pass, GrowingNode* nodes, size_t num_nodes) {
  const Lanes d;
  constexpr size_t kWidth = kVectors * kLanes;
  for (size_t node_index = 0; node_index < num_nodes; ++node_index) {
    GrowingNode& node = nodes[node_index];
    float* HWY_RESTRICT histogram = pass.histogram;
    uint32_t* HWY_RESTRICT counts = pass.counts;
    std::memset(histogram, 0, pass.num_bins * kWidth * sizeof(float));
    std::memset(counts, 0, pass.num_bins * sizeof(uint32_t));
    const uint32_t* rows = pass.rows + node.first;
    const float* HWY_RESTRICT from = pass.gradients + node.first * kWidth;
    const uint8_t* bins = pass.bins;
    for (size_t i = 0, count = node.count; i < count; ++i, from += kWidth) {
      const size_t bin = bins[rows[i]];
      ++counts[bin];
      float* to = histogram + bin * kWidth;
      MANYSHOT_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        hn::Store(hn::Add(hn::Load(d, to + v * kLanes), hn::Load(d, from + v * kLanes)), d, to + v * kLanes);
      }
    }
    LaneVec total[kVectors], left[kVectors];
    LaneVec parent = hn::Zero(d);
    MANYSHOT_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      total[v] = hn::LoadU(d, node.total.data() + v * kLanes);
      left[v] = hn::Zero(d);
      parent = hn::MulAdd(total[v], total[v], parent);
    }
    const float parent_score = hn::GetLane(hn::SumOfLanes(d, parent)) * pass.inverse[node.count];
    uint32_t left_count = 0;
    for (size_t bin = 0; bin + 1 < pass.num_bins; ++bin) {
      if (counts[bin] == 0) continue;
      left_count += counts[bin];
      if (left_count == node.count) break;
      const LaneVec left_inverse = hn::Set(d, pass.inverse[left_count]);
      const LaneVec right_inverse = hn::Set(d, pass.inverse[node.count - left_count]);
      LaneVec score = hn::Zero(d);
      MANYSHOT_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        left[v] = hn::Add(left[v], hn::Load(d, histogram + bin * kWidth + v * kLanes));
        const LaneVec right = hn::Sub(total[v], left[v]);
        score = hn::MulAdd(hn::Mul(left[v], left[v]), left_inverse, score);
        score = hn::MulAdd(hn::Mul(right, right), right_inverse, score);
      }
      const float gain = hn::GetLane(hn::SumOfLanes(d, score)) - parent_score;
      if (gain > node.best_gain) {
        node.best_gain = gain;
        node.best_feature = pass.feature;
        node.best_bin = static_cast<uint32_t>(bin);
      }
    }
  }
}

void search_narrow(const FeaturePass& pass, GrowingNode* nodes, size_t num_nodes) {
  search_feature<8 / kLanes>(pass, nodes, num_nodes);
}

void search_wide(const FeaturePass& pass, GrowingNode* nodes, size_t num_nodes) {
  search_feature<16 / kLanes>(pass, nodes, num_nodes);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot::prior
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot::prior {
namespace {

// Unsigned numbers in the order of the floats.
uint32_t ordered_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

float mean_of(const NodeMatrix& values) {
  double sum = 0;
  for (size_t node = 0; node < values.num_nodes(); ++node) {
    for (size_t row = 0; row < values.num_rows(); ++row) sum += values.node(node)[row];
  }
  return static_cast<float>(sum / static_cast<double>(values.num_nodes() * values.num_rows()));
}

template <class T>
void grow(AlignedBuffer<T>& buffer, size_t size) {
  if (buffer.size() < size) buffer = AlignedBuffer<T>(size);
}

// Sorts keys and carries order along: three passes over the upper 24 bits, then an insertion sort that finds nearly all
// in place.
void radix_sort(std::vector<uint32_t>& keys, std::vector<uint32_t>& order, std::vector<uint32_t>& keys_spare,
                std::vector<uint32_t>& order_spare) {
  const size_t count = keys.size();
  keys_spare.resize(count);
  order_spare.resize(count);
  std::array<std::array<uint32_t, 256>, 3> counts{};
  for (const uint32_t key : keys) {
    ++counts[0][key >> 8 & 255];
    ++counts[1][key >> 16 & 255];
    ++counts[2][key >> 24];
  }
  for (size_t pass = 0; pass < 3; ++pass) {
    uint32_t next = 0;
    for (uint32_t& place : counts[pass]) next += std::exchange(place, next);
    const size_t shift = 8 + 8 * pass;
    for (size_t i = 0; i < count; ++i) {
      const uint32_t place = counts[pass][keys[i] >> shift & 255]++;
      keys_spare[place] = keys[i];
      order_spare[place] = order[i];
    }
    keys.swap(keys_spare);
    order.swap(order_spare);
  }
  for (size_t i = 1; i < count; ++i) {
    const uint32_t key = keys[i], row = order[i];
    size_t place = i;
    for (; place > 0 && keys[place - 1] > key; --place) {
      keys[place] = keys[place - 1];
      order[place] = order[place - 1];
    }
    keys[place] = key;
    order[place] = row;
  }
}

}  // namespace

HWY_EXPORT(search_narrow);
HWY_EXPORT(search_wide);

// Bins hold equal numbers of rows, but for equal values, which stay together.
void BoostedTrees::bin_column(const float* x, size_t feature) {
  keys_.resize(num_rows_);
  order_.resize(num_rows_);
  for (size_t row = 0; row < num_rows_; ++row) {
    keys_[row] = ordered_bits(x[row] == x[row] ? x[row] + 0.0f : 0.0f);  // -0 + 0 is 0
    order_[row] = static_cast<uint32_t>(row);
  }
  radix_sort(keys_, order_, keys_spare_, order_spare_);
  uint8_t* bins = bins_.data() + feature * num_rows_;
  float* edges = lower_edges_.data() + feature * kNumBins;
  uint32_t bin = 0;
  const auto value_at = [&](size_t place) { return x[order_[place]] == x[order_[place]] ? x[order_[place]] : 0.0f; };
  edges[0] = value_at(0);
  for (size_t place = 0; place < num_rows_; ++place) {
    if (place > 0 && keys_[place] != keys_[place - 1] && place * kNumBins >= (bin + 1) * num_rows_) {
      edges[++bin] = value_at(place);
    }
    bins[order_[place]] = static_cast<uint8_t>(bin);
  }
  num_bins_[feature] = bin + 1;
}

template <size_t kWidth>
void BoostedTrees::grow_trees(size_t num_features, const BoostingOptions& options, const NodeMatrix& targets) {
  std::fill_n(predictions_.data(), num_rows_ * kWidth, mean_of(targets));
  std::vector<GrowingNode> nodes, children;
  for (int tree = 0; tree < options.num_trees; ++tree) {
    start_tree<kWidth>(targets);
    nodes.assign(1, {});
    nodes[0].count = static_cast<uint32_t>(num_rows_);
    for (int depth = 0; !nodes.empty(); ++depth) {
      for (GrowingNode& node : nodes) sum_gradients<kWidth>(node);
      if (depth < options.max_depth) search_splits<kWidth>(num_features, nodes);
      // Rows move to their child, or get their leaf's value and rest.
      children.clear();
      uint32_t place = 0;
      for (const GrowingNode& node : nodes) {
        if (node.best_feature < 0) {
          add_leaf<kWidth>(node, options.eta);
          continue;
        }
        const auto feature = static_cast<uint32_t>(node.best_feature);
        splits_.push_back({static_cast<uint32_t>(tree), feature, lower_edges_[feature * kNumBins + node.best_bin + 1],
                           node.best_gain});
        split_node<kWidth>(node, place, children);
        place += node.count;
      }
      rows_.swap(rows_spare_);
      std::swap(gradients_, gradients_spare_);
      nodes.swap(children);
    }
  }
}

// Every row in the root, with the gradient of the squared error.
template <size_t kWidth>
void BoostedTrees::start_tree(const NodeMatrix& targets) {
  for (size_t row = 0; row < num_rows_; ++row) {
    rows_[row] = static_cast<uint32_t>(row);
    float* to = gradients_.data() + row * kWidth;
    for (size_t output = 0; output < kWidth; ++output) {
      to[output] =
          output < targets.num_nodes() ? predictions_[row * kWidth + output] - targets.node(output)[row] : 0.0f;
    }
  }
}

template <size_t kWidth>
void BoostedTrees::sum_gradients(GrowingNode& node) const {
  const float* from = gradients_.data() + node.first * kWidth;
  for (uint32_t i = 0; i < node.count; ++i, from += kWidth) {
    for (size_t output = 0; output < kWidth; ++output) node.total[output] += from[output];
  }
}

template <size_t kWidth>
void BoostedTrees::search_splits(size_t num_features, std::vector<GrowingNode>& nodes) {
  for (size_t feature = 0; feature < num_features; ++feature) {
    if (num_bins_[feature] < 2) continue;
    const FeaturePass pass = {bins_.data() + feature * num_rows_,
                              num_bins_[feature],
                              static_cast<int32_t>(feature),
                              rows_.data(),
                              gradients_.data(),
                              inverse_.data(),
                              histogram_.data(),
                              bin_counts_.data()};
    if constexpr (kWidth == 8) {
      HWY_DYNAMIC_DISPATCH(search_narrow)(pass, nodes.data(), nodes.size());
    } else {
      HWY_DYNAMIC_DISPATCH(search_wide)(pass, nodes.data(), nodes.size());
    }
  }
}

template <size_t kWidth>
void BoostedTrees::add_leaf(const GrowingNode& node, float eta) {
  const float factor = -eta * inverse_[node.count];
  for (uint32_t i = node.first; i < node.first + node.count; ++i) {
    float* to = predictions_.data() + rows_[i] * kWidth;
    for (size_t output = 0; output < kWidth; ++output) to[output] += factor * node.total[output];
  }
}

// The node's rows in the spare buffers from `place` on, those of the left child first.
template <size_t kWidth>
void BoostedTrees::split_node(const GrowingNode& node, uint32_t place, std::vector<GrowingNode>& children) {
  const uint8_t* bins = bins_.data() + static_cast<size_t>(node.best_feature) * num_rows_;
  const uint32_t end = node.first + node.count;
  uint32_t num_left = 0;
  for (uint32_t i = node.first; i < end; ++i) num_left += bins[rows_[i]] <= node.best_bin ? 1 : 0;
  GrowingNode left, right;
  left.first = place;
  left.count = num_left;
  right.first = place + num_left;
  right.count = node.count - num_left;
  uint32_t next[2] = {left.first, right.first};  // sides of random rows: no branch to guess
  for (uint32_t i = node.first; i < end; ++i) {
    const uint32_t to = next[bins[rows_[i]] > node.best_bin ? 1 : 0]++;
    rows_spare_[to] = rows_[i];
    std::copy_n(gradients_.data() + i * kWidth, kWidth, gradients_spare_.data() + to * kWidth);
  }
  children.push_back(left);
  children.push_back(right);
}

void BoostedTrees::fit(const NodeMatrix& x, const BoostingOptions& options, const NodeMatrix& targets,
                       NodeMatrix& fitted) {
  const size_t num_outputs = targets.num_nodes();
  const size_t num_features = x.num_nodes();
  assert(num_outputs <= kMaxTreeOutputs && options.max_depth >= 1 && options.max_depth <= 6);
  const size_t width = num_outputs <= 8 ? 8 : 16;
  num_rows_ = x.num_rows();
  bins_.resize(num_features * num_rows_);
  lower_edges_.resize(num_features * kNumBins);
  num_bins_.resize(num_features);
  for (size_t feature = 0; feature < num_features; ++feature) bin_column(x.node(feature), feature);

  inverse_.resize(num_rows_ + 1);
  for (size_t count = 0; count <= num_rows_; ++count)
    inverse_[count] = 1 / (static_cast<float>(count) + options.lambda);
  grow(predictions_, num_rows_ * width);
  grow(gradients_, num_rows_ * width);
  grow(gradients_spare_, num_rows_ * width);
  grow(histogram_, kNumBins * width);
  bin_counts_.resize(kNumBins);
  rows_.resize(num_rows_);
  rows_spare_.resize(num_rows_);
  splits_.clear();
  if (width == 8) {
    grow_trees<8>(num_features, options, targets);
  } else {
    grow_trees<16>(num_features, options, targets);
  }
  fitted.reshape(num_outputs, num_rows_);
  for (size_t output = 0; output < num_outputs; ++output) {
    for (size_t row = 0; row < num_rows_; ++row) fitted.node(output)[row] = predictions_[row * width + output];
  }
}

}  // namespace manyshot::prior
#endif
