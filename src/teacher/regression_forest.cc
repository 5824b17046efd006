#include "teacher/regression_forest.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "teacher/counter_random.h"

namespace manyshot::teacher {
namespace {

// The targets about 0 and at most 1 from it: squares keep their digits whatever the targets' size.
std::vector<double> centred(std::span<const double> targets) {
  double mean = 0;
  for (const double target : targets) mean += target / static_cast<double>(targets.size());
  double largest = 0;
  for (const double target : targets) largest = std::max(largest, std::abs(target - mean));
  std::vector<double> result;
  for (const double target : targets) result.push_back(largest > 0 ? (target - mean) / largest : 0);
  return result;
}

double weight_of(std::span<const RegressionTree::Atom> leaf) {
  double weight = 0;
  for (const RegressionTree::Atom& atom : leaf) weight += atom.weight;
  return weight;
}

}  // namespace

double RegressionForest::mean_of(std::span<const RegressionTree::Atom> leaf) const {
  double sum = 0;
  for (const RegressionTree::Atom& atom : leaf) sum += atom.weight * targets_[atom.target];
  return sum / weight_of(leaf);
}

void RegressionForest::fit(const ColumnsView& columns, std::span<const double> targets, const ForestOptions& options,
                           const Rng& rng) {
  options.validate();
  const size_t num_rows = columns.num_rows;
  targets_.assign(targets.begin(), targets.end());
  std::ranges::sort(targets_);
  targets_.erase(std::unique(targets_.begin(), targets_.end()), targets_.end());
  std::vector<uint32_t> places;
  for (const double target : targets)
    places.push_back(static_cast<uint32_t>(std::ranges::lower_bound(targets_, target) - targets_.begin()));
  const std::vector<double> scaled = centred(targets);
  RankedColumns ranked;
  ranked.assign(columns);
  TreeOptions of_tree = options;
  if (!of_tree.max_features) of_tree.max_features = static_cast<int>((columns.num_features + 1) / 2);

  const auto num_trees = static_cast<size_t>(options.num_trees);
  trees_.resize(num_trees);
  std::vector<RegressionGrower> growers(static_cast<size_t>(num_threads()));
  std::vector<uint32_t> all_weights(num_trees * num_rows, 1);
  parallel_for(num_trees, [&](size_t tree, int worker) {
    check_interrupted();
    const Rng tree_rng = rng.child("tree", tree);
    const std::span<uint32_t> weights = std::span(all_weights).subspan(tree * num_rows, num_rows);
    if (options.bootstrap) draw_bootstrap(tree_rng.bits(0), weights);
    growers[static_cast<size_t>(worker)].grow({.columns = columns,
                                               .ranked = ranked,
                                               .targets = scaled,
                                               .places = places,
                                               .weights = weights,
                                               .seed = tree_rng.bits(1)},
                                              of_tree, trees_[tree]);
  });
  if (options.out_of_bag) sum_out_of_bag(columns, all_weights);
}

void RegressionForest::sum_out_of_bag(const ColumnsView& columns, std::span<const uint32_t> all_weights) {
  out_of_bag_.assign(columns.num_rows, std::numeric_limits<double>::quiet_NaN());
  parallel_for(columns.num_rows, [&](size_t row, int) {
    double sum = 0;
    size_t num_unseen = 0;
    for (size_t tree = 0; tree < trees_.size(); ++tree) {
      if (all_weights[tree * columns.num_rows + row] > 0) continue;
      sum += mean_of(trees_[tree].leaf(columns, row));
      ++num_unseen;
    }
    if (num_unseen > 0) out_of_bag_[row] = sum / static_cast<double>(num_unseen);
  });
}

std::vector<RegressionForest::Share> RegressionForest::distribution(const ColumnsView& columns, size_t row) const {
  std::vector<Share> all;
  for (const RegressionTree& tree : trees_) {
    const std::span<const RegressionTree::Atom> leaf = tree.leaf(columns, row);
    const double tree_share = 1 / (weight_of(leaf) * static_cast<double>(trees_.size()));
    for (const RegressionTree::Atom& atom : leaf) all.push_back({atom.target, atom.weight * tree_share});
  }
  // Equal targets in the order of the trees, so that their sum is one number.
  std::ranges::stable_sort(all, {}, &Share::target);
  std::vector<Share> merged;
  for (const Share& each : all) {
    if (merged.empty() || merged.back().target != each.target) merged.push_back({each.target, 0});
    merged.back().share += each.share;
  }
  return merged;
}

}  // namespace manyshot::teacher
