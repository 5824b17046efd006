// Which tasks are worth learning from: a forest of 30 trees is fitted to the labelled rows of a task and asked for its
// query rows (Dong et al. 2025, arXiv 2509.06806, section 2.3, footnotes 3 and 4, appendix A). The guard holds in all
// stages of training; in the first one, the warm-up, only query rows that the forest gets right are taught.
//
//   const TaskFilter filter(options);
//   FilterScratch scratch;                                       // one per thread
//   const FilterVerdict verdict = filter.check({labelled, labels, queries, query_labels, num_classes}, rng, scratch);
//   if (verdict.accepted()) rows = filter.consensus(labels, query_labels, scratch.predicted, num_classes, rng);
//
// What the paper leaves open, and what holds here:
// - p0 = max(sum p_k^2, max p_k) is the majority share max p_k, which is never below the sum of squares.
// - K is the number of classes that occur in the labelled or the query rows.
// - The majority classifier, whose macro F1 must be reached, predicts the most frequent class of the query labels.
// - A query class that no labelled row has cannot be predicted: its rows count as wrong and its recall as 0
//   (num_unseen says how many), and consensus never keeps them. They alone are no reason to reject.
// - Missing cells get the median of the labelled rows (teacher/impute.h).
// - Without two classes in the labelled rows the task is rejected before the forest is fitted.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/options.h"
#include "core/rng.h"
#include "teacher/columns.h"
#include "teacher/impute.h"
#include "teacher/random_forest.h"
#include "teacher/scores.h"

namespace manyshot::teacher {

struct FilterOptions {
  int num_trees = 30;
  double alpha = 0.2;
  double min_kappa = 0.01;
  double balanced_accuracy_margin = 0.03;
  double macro_f1_margin = 0;
  int min_predicted_classes = 2;
  double max_dominance = 0.95;
  int consensus_queries = 20;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("filter_trees", self.num_trees, at_least(1), "Trees of the forest that judges a task.");
    v("filter_alpha", self.alpha, between(0, 1),
      "Keep a task only if guessing the most frequent class gets as many queries right with a probability below this.");
    v("filter_kappa", self.min_kappa, between(-1, 1), "Keep a task only if Cohen's kappa is above this.");
    v("filter_balanced_accuracy", self.balanced_accuracy_margin, between(-1, 1),
      "Keep a task only if the balanced accuracy is above 1/K plus this.");
    v("filter_macro_f1", self.macro_f1_margin, between(-1, 1),
      "Keep a task only if macro F1 reaches that of the majority class plus this.");
    v("filter_predicted_classes", self.min_predicted_classes, at_least(1),
      "Keep a task only if at least so many classes are predicted.");
    v("filter_dominance", self.max_dominance, between(0, 1),
      "Keep a task only if no class is predicted for more than this share of the queries.");
    v("consensus_queries", self.consensus_queries, at_least(1), "Query rows a warm-up task is resampled to.");
  }
};

// The first of the guard's rules that a task breaks, in this order. The names reach files.
enum class RejectReason {
  kNone,
  kLabelledClasses,  // fewer than two classes in the labelled rows
  kChance,           // the most frequent class guessed throughout may do as well
  kKappa,
  kBalancedAccuracy,
  kMacroF1,
  kPredictedClasses,
  kDominance,
};
constexpr auto names_of(RejectReason) {
  return std::to_array<Named<RejectReason>>({{RejectReason::kNone, "none"},
                                             {RejectReason::kLabelledClasses, "labelled_classes"},
                                             {RejectReason::kChance, "chance"},
                                             {RejectReason::kKappa, "kappa"},
                                             {RejectReason::kBalancedAccuracy, "balanced_accuracy"},
                                             {RejectReason::kMacroF1, "macro_f1"},
                                             {RejectReason::kPredictedClasses, "predicted_classes"},
                                             {RejectReason::kDominance, "dominance"}});
}

// The numbers the rules are about; all of them, whichever rule fails first. Zeros after kLabelledClasses.
struct FilterVerdict {
  RejectReason reason = RejectReason::kNone;
  int num_queries = 0;
  int num_correct = 0;
  int num_unseen = 0;         // queries of a class without labelled rows
  int num_classes = 0;        // K
  double majority_share = 0;  // p0
  double chance = 0;          // P[Binomial(num_queries, p0) >= num_correct]
  double kappa = 0;           // NaN when all queries are of one class and predicted so
  double balanced_accuracy = 0;
  double macro_f1 = 0;
  double majority_macro_f1 = 0;
  int num_predicted_classes = 0;
  double dominance = 0;

  bool accepted() const { return reason == RejectReason::kNone; }
  double accuracy() const { return num_queries > 0 ? static_cast<double>(num_correct) / num_queries : 0; }
};

// Memory that checks use again. Not for two threads at a time.
struct FilterScratch {
  std::vector<int32_t> predicted;     // [queries] of the last check
  std::vector<double> probabilities;  // [queries, num_classes] of the last check

  ForestScratch forest_scratch;
  RandomForest forest;
  MedianImputer imputer;
  std::vector<float> labelled_cells, query_cells;
  std::vector<uint8_t> present;
  Confusion confusion;
};

// A task as the filter reads it. Columns may hold NaN.
// REQUIRES: at least one labelled row, one query and one feature; classes in [0, num_classes).
struct FilterTask {
  ColumnsView labelled;
  std::span<const int32_t> labels;
  ColumnsView queries;
  std::span<const int32_t> query_labels;
  int num_classes = 0;
  bool out_of_bag = false;  // the forest then has out_of_bag_probabilities(), and is the same
};

class TaskFilter {
 public:
  explicit TaskFilter(const FilterOptions& options = {}) : options_(options) {}

  // Fits the forest and applies the guard. A function of its arguments and the options alone. Safe from several threads
  // with a scratch each.
  FilterVerdict check(const FilterTask& task, const Rng& rng, FilterScratch& scratch) const;

  // The guard alone, for predictions made elsewhere.
  FilterVerdict judge(std::span<const int32_t> labels, std::span<const int32_t> query_labels,
                      std::span<const int32_t> predicted, int num_classes, FilterScratch& scratch) const;

  // The query rows of a warm-up task, `consensus_queries` of them in random order, out of those predicted right. Each
  // class gets its share of the labelled rows by largest remainder (equal remainders: the lower class first), the share
  // of classes without a right row going to the others. A class that has more right rows than its number gives a random
  // choice of them; one that has fewer gives all of them, and again all of them, and a random choice at last, so that
  // no row stands twice more often than another of its class. Empty when no row is right.
  std::vector<uint32_t> consensus(std::span<const int32_t> labels, std::span<const int32_t> query_labels,
                                  std::span<const int32_t> predicted, int num_classes, const Rng& rng) const;

  // "kappa 0.0041 is not above 0.01"; for an accepted task "accepted".
  std::string explain(const FilterVerdict& verdict) const;

  const FilterOptions& options() const { return options_; }

 private:
  RejectReason first_broken_rule(const FilterVerdict& verdict) const;

  FilterOptions options_;
};

}  // namespace manyshot::teacher
