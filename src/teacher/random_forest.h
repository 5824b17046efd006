// A random forest classifier (Breiman 2001, "Random forests", Machine Learning 45) with the laws and defaults of
// scikit-learn's RandomForestClassifier: each tree on N rows drawn with replacement, the square root of the number of
// features tried for a split, Gini impurity, unlimited depth, and probabilities that are the mean over the trees of the
// class shares in a row's leaf.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/options.h"
#include "core/rng.h"
#include "teacher/columns.h"
#include "teacher/decision_tree.h"

namespace manyshot::teacher {

struct ForestOptions : TreeOptions {
  int num_trees = 100;
  bool bootstrap = true;
  bool out_of_bag = false;
  bool importances = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("num_trees", self.num_trees, at_least(1), "Trees in the forest (Breiman 2001).");
    TreeOptions::visit(self, v);
    v("bootstrap", self.bootstrap, any_value(),
      "Grow each tree on as many rows drawn with replacement; otherwise on all rows.");
    v("out_of_bag", self.out_of_bag, any_value(), "Score each row by the trees that did not see it.");
    v("importances", self.importances, any_value(), "Sum up how much the splits on each feature lower the impurity.");
  }
  // Throws Error(kBadInput) for out_of_bag without bootstrap.
  void validate() const;
};

// Memory of fitting: grows to what the largest task needs and stays there. Not for two fits at a time.
struct ForestScratch {
  struct Worker {
    TreeGrower grower;
    std::vector<uint32_t> weights;  // [N]
  };
  RankedColumns ranked;
  std::vector<Worker> workers;
  std::vector<uint32_t> all_weights;  // [trees, N] for the out-of-bag score
};

class RandomForest {
 public:
  // Replaces the forest, keeping its memory. Trees are spread over core/parallel.h; tree t depends on (data, options,
  // rng.child("tree", t)) alone, so the forest is the same bytes for any number of threads.
  // REQUIRES: finite values; at least one row and one feature; labels[row] in [0, num_classes), num_classes <= 65,536.
  // Classes without a row get probability 0.
  void fit(const ColumnsView& columns, std::span<const int32_t> labels, int num_classes, const ForestOptions& options,
           const Rng& rng, ForestScratch& scratch);

  // Probabilities [N, K]: the mean over the trees. A row's are the same bits whatever rows stand beside it. Safe from
  // several threads. REQUIRES: the features of the fit, finite.
  void predict(const ColumnsView& columns, std::span<double> probabilities) const;
  // The class with the largest probability, the first of equals.
  void predict_labels(const ColumnsView& columns, std::span<double> probabilities, std::span<int32_t> labels) const;

  // Mean over the rows that some tree did not see: is the largest of the mean class shares the row's own class?
  // NaN when every tree saw every row. REQUIRES: options.out_of_bag.
  double out_of_bag_score() const { return out_of_bag_score_; }
  // [N, K]; NaN for rows that every tree saw. REQUIRES: options.out_of_bag.
  const std::vector<double>& out_of_bag_probabilities() const { return out_of_bag_; }
  // [F] Mean over the trees of the impurity decrease by feature, each tree's scaled to sum 1, and the whole again; all
  // zero when no tree has a split. REQUIRES: options.importances.
  const std::vector<double>& importances() const { return importances_; }

  std::span<const DecisionTree> trees() const { return {trees_.data(), num_trees_}; }
  int num_classes() const { return num_classes_; }

 private:
  void score_out_of_bag(const ColumnsView& columns, std::span<const int32_t> labels, const ForestScratch& scratch);
  void sum_importances(size_t num_features);

  std::vector<DecisionTree> trees_;  // the first num_trees_ are in use
  size_t num_trees_ = 0;
  int num_classes_ = 0;
  std::vector<double> decreases_;  // [trees, F]
  std::vector<double> importances_;
  std::vector<double> out_of_bag_;
  double out_of_bag_score_ = 0;
};

// How often each row is drawn, of N draws with replacement.
void draw_bootstrap(uint64_t seed, std::span<uint32_t> weights);  // [N]

// The index of the largest value, the first of equals.
int32_t largest(std::span<const double> values);

}  // namespace manyshot::teacher
