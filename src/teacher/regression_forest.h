// A random forest for numbers (Breiman 2001): each tree on N rows drawn with replacement, half of the features tried
// for a split, unlimited depth, and as the answer the targets of all leaves a row falls into, each tree's weighing
// alike: the whole distribution (Meinshausen 2006, "Quantile regression forests", JMLR 7, section 3; there every leaf
// keeps ten rows or so).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/rng.h"
#include "teacher/columns.h"
#include "teacher/random_forest.h"
#include "teacher/regression_tree.h"

namespace manyshot::teacher {

class RegressionForest {
 public:
  // Trees are spread over core/parallel.h; tree t depends on (data, options, rng.child("tree", t)) alone. Of the
  // options `importances` is not heeded, and max_features is half of the features where it is not set.
  // REQUIRES: finite values and targets, at least one row and one feature.
  void fit(const ColumnsView& columns, std::span<const double> targets, const ForestOptions& options, const Rng& rng);

  // A target of a row's distribution, by its place in targets(), and its share.
  struct Share {
    uint32_t target = 0;
    double share = 0;
  };
  // A row's distribution by increasing target. Safe from several threads. REQUIRES: the features of the fit, finite.
  std::vector<Share> distribution(const ColumnsView& columns, size_t row) const;
  // The different targets of the labelled rows, sorted.
  const std::vector<double>& targets() const { return targets_; }
  // [N] The mean of each labelled row by the trees that did not see it; NaN for rows that every tree saw. REQUIRES:
  // options.out_of_bag.
  const std::vector<double>& out_of_bag_means() const { return out_of_bag_; }

 private:
  double mean_of(std::span<const RegressionTree::Atom> leaf) const;
  void sum_out_of_bag(const ColumnsView& columns, std::span<const uint32_t> all_weights);

  std::vector<double> targets_;
  std::vector<RegressionTree> trees_;
  std::vector<double> out_of_bag_;
};

}  // namespace manyshot::teacher
