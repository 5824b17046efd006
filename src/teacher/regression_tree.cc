#include "teacher/regression_tree.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "teacher/counter_random.h"

namespace manyshot::teacher {
namespace {

// A float that parts the two, low <= it < high.
float middle(float low, float high) {
  const auto rounded = static_cast<float>(0.5 * double{low} + 0.5 * double{high});
  return rounded >= high ? low : rounded;
}

}  // namespace

std::span<const RegressionTree::Atom> RegressionTree::leaf(const ColumnsView& columns, size_t row) const {
  const Node* node = nodes_.data();
  while (node->feature >= 0)
    node = nodes_.data() + node->next + (columns.at(row, static_cast<size_t>(node->feature)) > node->threshold);
  return {atoms_.data() + node->next, node->num_atoms};
}

void RegressionGrower::grow(const RegressionTask& task, const TreeOptions& options, RegressionTree& tree) {
  sort_rows(task);
  features_.resize(task.columns.num_features);
  for (size_t feature = 0; feature < features_.size(); ++feature) features_[feature] = static_cast<uint32_t>(feature);
  random_state_ = task.seed;
  tree.nodes_.assign(1, {});
  tree.atoms_.clear();
  pending_.assign(1, {.node = 0, .begin = 0, .end = static_cast<uint32_t>(num_rows_), .depth = 0});
  while (!pending_.empty()) {
    const Pending node = pending_.back();
    pending_.pop_back();
    const size_t count = node.end - node.begin;
    const bool may_split = count >= static_cast<size_t>(options.min_samples_split) &&
                           count >= 2 * static_cast<size_t>(options.min_samples_leaf) &&
                           (!options.max_depth || node.depth < static_cast<uint32_t>(*options.max_depth)) &&
                           !has_one_target(task, node);
    const Split split = may_split ? find_split(task, options, node) : Split();
    if (split.num_left == 0) {
      make_leaf(task, node, tree);
      continue;
    }
    part(node, split);
    const auto left = static_cast<uint32_t>(tree.nodes_.size());
    tree.nodes_.resize(tree.nodes_.size() + 2);
    tree.nodes_[node.node] = {
        .threshold = split.threshold, .feature = static_cast<int32_t>(split.feature), .next = left};
    const uint32_t boundary = node.begin + split.num_left;
    pending_.push_back({.node = left + 1, .begin = boundary, .end = node.end, .depth = node.depth + 1});
    pending_.push_back({.node = left, .begin = node.begin, .end = boundary, .depth = node.depth + 1});
  }
}

void RegressionGrower::sort_rows(const RegressionTask& task) {
  if (task.ranked.is_narrow()) {
    sort_rows(task, task.ranked.narrow());
  } else {
    sort_rows(task, task.ranked.wide());
  }
}

template <class Position>
void RegressionGrower::sort_rows(const RegressionTask& task, const SortedColumns<Position>& sorted) {
  const size_t all = task.columns.num_rows, num_features = task.columns.num_features;
  num_rows_ = all - static_cast<size_t>(std::ranges::count(task.weights, 0u));
  assert(num_rows_ > 0);
  rows_.resize(num_rows_ * num_features);
  spare_.resize(num_rows_);
  goes_left_.resize(all);
  for (size_t feature = 0; feature < num_features; ++feature) {
    uint32_t* out = rows_of(static_cast<uint32_t>(feature));
    for (const Position row : std::span(sorted.order).subspan(feature * all, all)) {
      if (task.weights[row] > 0) *out++ = row;
    }
  }
}

bool RegressionGrower::has_one_target(const RegressionTask& task, const Pending& node) const {
  const uint32_t* rows = rows_.data();
  for (uint32_t i = node.begin + 1; i < node.end; ++i) {
    if (task.places[rows[i]] != task.places[rows[node.begin]]) return false;
  }
  return true;
}

RegressionGrower::Split RegressionGrower::find_split(const RegressionTask& task, const TreeOptions& options,
                                                     const Pending& node) {
  const auto num_features = static_cast<uint32_t>(features_.size());
  const auto num_tried = static_cast<uint32_t>(num_tried_features(options, num_features));
  CounterRandom random(random_state_);
  Split best;
  bool all_constant = true;
  for (uint32_t i = 0; i < num_features && (i < num_tried || all_constant); ++i) {
    std::swap(features_[i], features_[i + static_cast<uint32_t>(random.below(num_features - i))]);
    all_constant &= !search_feature(task, options, node, features_[i], best);
  }
  random_state_ = random.bits();
  return best;
}

bool RegressionGrower::search_feature(const RegressionTask& task, const TreeOptions& options, const Pending& node,
                                      uint32_t feature, Split& best) const {
  const uint32_t* rows = rows_of(feature);
  const std::span<const float> values = task.columns.column(feature);
  if (values[rows[node.begin]] == values[rows[node.end - 1]]) return false;
  double weight = 0, sum = 0;
  for (uint32_t i = node.begin; i < node.end; ++i) {
    const double mine = task.weights[rows[i]];
    weight += mine;
    sum += mine * task.targets[rows[i]];
  }
  const double whole = sum * sum / weight;
  const auto min_leaf = static_cast<uint32_t>(options.min_samples_leaf);
  double left_weight = 0, left_sum = 0;
  for (uint32_t i = node.begin; i + min_leaf < node.end; ++i) {
    const double mine = task.weights[rows[i]];
    left_weight += mine;
    left_sum += mine * task.targets[rows[i]];
    const float value = values[rows[i]], next = values[rows[i + 1]];
    if (value == next || i + 1 - node.begin < min_leaf) continue;
    const double right_sum = sum - left_sum;
    const double gain = left_sum * left_sum / left_weight + right_sum * right_sum / (weight - left_weight) - whole;
    // The first split found is taken even if it gains nothing: those below it may.
    if (best.num_left > 0 && gain <= best.gain) continue;
    best = {.gain = gain, .feature = feature, .num_left = i + 1 - node.begin, .threshold = middle(value, next)};
  }
  return true;
}

void RegressionGrower::part(const Pending& node, const Split& split) {
  const uint32_t* by_split = rows_of(split.feature) + node.begin;
  const uint32_t count = node.end - node.begin;
  for (uint32_t i = 0; i < count; ++i) goes_left_[by_split[i]] = i < split.num_left;
  for (uint32_t feature = 0; feature < features_.size(); ++feature) {
    if (feature == split.feature) continue;
    uint32_t* rows = rows_of(feature) + node.begin;
    uint32_t num_left = 0, num_right = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t row = rows[i];
      rows[num_left] = row;
      spare_[num_right] = row;
      num_left += goes_left_[row];
      num_right += 1u - goes_left_[row];
    }
    std::copy_n(spare_.data(), num_right, rows + num_left);
  }
}

void RegressionGrower::make_leaf(const RegressionTask& task, const Pending& node, RegressionTree& tree) {
  leaf_.clear();
  for (uint32_t i = node.begin; i < node.end; ++i) leaf_.emplace_back(task.places[rows_[i]], task.weights[rows_[i]]);
  std::ranges::sort(leaf_);
  RegressionTree::Node& leaf = tree.nodes_[node.node];
  leaf.next = static_cast<uint32_t>(tree.atoms_.size());
  for (size_t i = 0; i < leaf_.size();) {
    const uint32_t place = leaf_[i].first;
    uint32_t weight = 0;
    for (; i < leaf_.size() && leaf_[i].first == place; ++i) weight += leaf_[i].second;
    tree.atoms_.push_back({place, weight});
  }
  leaf.num_atoms = static_cast<uint32_t>(tree.atoms_.size()) - leaf.next;
}

}  // namespace manyshot::teacher
