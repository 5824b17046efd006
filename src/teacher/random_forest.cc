#include "teacher/random_forest.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "teacher/counter_random.h"

namespace manyshot::teacher {
namespace {

// Rows a task of a parallel prediction takes.
constexpr size_t kBlockRows = 256;

}  // namespace

void draw_bootstrap(uint64_t seed, std::span<uint32_t> weights) {
  std::fill(weights.begin(), weights.end(), 0);
  CounterRandom random(seed);
  for (size_t i = 0; i < weights.size(); ++i) ++weights[random.below(weights.size())];
}

void ForestOptions::validate() const {
  if (out_of_bag && !bootstrap) {
    fail(ErrorKind::kBadInput,
         "out_of_bag needs bootstrap: without it every tree sees every row; set bootstrap, or leave out_of_bag");
  }
}

void RandomForest::fit(const ColumnsView& columns, std::span<const int32_t> labels, int num_classes,
                       const ForestOptions& options, const Rng& rng, ForestScratch& scratch) {
  assert(columns.num_rows > 0 && columns.num_features > 0 && labels.size() == columns.num_rows);
  options.validate();
  num_trees_ = static_cast<size_t>(options.num_trees);
  num_classes_ = num_classes;
  if (trees_.size() < num_trees_) trees_.resize(num_trees_);
  const size_t num_rows = columns.num_rows;
  const size_t num_features = columns.num_features;
  scratch.ranked.assign(columns);
  if (scratch.workers.size() < static_cast<size_t>(num_threads())) {
    scratch.workers.resize(static_cast<size_t>(num_threads()));
  }
  if (options.out_of_bag) scratch.all_weights.resize(num_trees_ * num_rows);
  decreases_.resize(options.importances ? num_trees_ * num_features : 0);

  parallel_for(num_trees_, [&](size_t tree, int worker_index) {
    check_interrupted();
    ForestScratch::Worker& worker = scratch.workers[static_cast<size_t>(worker_index)];
    const Rng tree_rng = rng.child("tree", tree);
    if (worker.weights.size() < num_rows) worker.weights.resize(num_rows);
    const std::span<uint32_t> weights(worker.weights.data(), num_rows);
    if (options.bootstrap) {
      draw_bootstrap(tree_rng.bits(0), weights);
    } else {
      std::fill(weights.begin(), weights.end(), 1);
    }
    const std::span<double> decreases = options.importances
                                            ? std::span<double>(decreases_).subspan(tree * num_features, num_features)
                                            : std::span<double>();
    const TreeTask task{.columns = columns,
                        .ranked = scratch.ranked,
                        .labels = labels,
                        .weights = weights,
                        .num_classes = num_classes,
                        .seed = tree_rng.bits(1)};
    worker.grower.grow(task, options, trees_[tree], decreases);
    if (options.out_of_bag) {
      std::copy(weights.begin(), weights.end(), scratch.all_weights.begin() + static_cast<ptrdiff_t>(tree * num_rows));
    }
  });
  if (options.importances) sum_importances(num_features);
  if (options.out_of_bag) score_out_of_bag(columns, labels, scratch);
}

void RandomForest::sum_importances(size_t num_features) {
  importances_.assign(num_features, 0);
  for (size_t tree = 0; tree < num_trees_; ++tree) {
    const double* decreases = decreases_.data() + tree * num_features;
    double sum = 0;
    for (size_t feature = 0; feature < num_features; ++feature) sum += decreases[feature];
    if (sum <= 0) continue;
    for (size_t feature = 0; feature < num_features; ++feature) importances_[feature] += decreases[feature] / sum;
  }
  double sum = 0;
  for (const double importance : importances_) sum += importance;
  if (sum <= 0) return;
  for (double& importance : importances_) importance /= sum;
}

void RandomForest::score_out_of_bag(const ColumnsView& columns, std::span<const int32_t> labels,
                                    const ForestScratch& scratch) {
  const size_t num_rows = columns.num_rows;
  const auto num_classes = static_cast<size_t>(num_classes_);
  out_of_bag_.assign(num_rows * num_classes, 0);
  const size_t num_blocks = (num_rows + kBlockRows - 1) / kBlockRows;
  parallel_for(num_blocks, [&](size_t block, int) {
    for (size_t row = block * kBlockRows; row < std::min(num_rows, (block + 1) * kBlockRows); ++row) {
      double* shares = out_of_bag_.data() + row * num_classes;
      size_t num_unseen = 0;
      for (size_t tree = 0; tree < num_trees_; ++tree) {
        if (scratch.all_weights[tree * num_rows + row] > 0) continue;
        trees_[tree].add_shares(columns, row, shares);
        ++num_unseen;
      }
      for (size_t k = 0; k < num_classes; ++k) {
        shares[k] =
            num_unseen > 0 ? shares[k] / static_cast<double>(num_unseen) : std::numeric_limits<double>::quiet_NaN();
      }
    }
  });
  size_t num_scored = 0, num_correct = 0;
  for (size_t row = 0; row < num_rows; ++row) {
    const std::span<const double> shares(out_of_bag_.data() + row * num_classes, num_classes);
    if (shares[0] != shares[0]) continue;
    ++num_scored;
    num_correct += largest(shares) == labels[row];
  }
  out_of_bag_score_ = num_scored > 0 ? static_cast<double>(num_correct) / static_cast<double>(num_scored)
                                     : std::numeric_limits<double>::quiet_NaN();
}

void RandomForest::predict(const ColumnsView& columns, std::span<double> probabilities) const {
  const auto num_classes = static_cast<size_t>(num_classes_);
  assert(probabilities.size() == columns.num_rows * num_classes);
  const size_t num_blocks = (columns.num_rows + kBlockRows - 1) / kBlockRows;
  const auto predict_block = [&](size_t block, int) {
    const size_t first = block * kBlockRows;
    const ColumnsView rows = columns.rows(first, std::min(kBlockRows, columns.num_rows - first));
    const std::span<double> sums = probabilities.subspan(first * num_classes, rows.num_rows * num_classes);
    std::fill(sums.begin(), sums.end(), 0.0);
    for (const DecisionTree& tree : trees()) tree.add_shares(rows, sums);
    for (double& sum : sums) sum /= static_cast<double>(num_trees_);
  };
  parallel_for(num_blocks, predict_block);
}

void RandomForest::predict_labels(const ColumnsView& columns, std::span<double> probabilities,
                                  std::span<int32_t> labels) const {
  predict(columns, probabilities);
  const auto num_classes = static_cast<size_t>(num_classes_);
  for (size_t row = 0; row < columns.num_rows; ++row) {
    labels[row] = largest(probabilities.subspan(row * num_classes, num_classes));
  }
}

int32_t largest(std::span<const double> values) {
  return static_cast<int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace manyshot::teacher
