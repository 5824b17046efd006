#include "teacher/task_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>

namespace manyshot::teacher {
namespace {

// `total` parted in proportion to `shares` by largest remainder, in whole numbers.
std::vector<size_t> apportion(size_t total, const std::vector<size_t>& shares) {
  const size_t sum = std::accumulate(shares.begin(), shares.end(), size_t{0});
  std::vector<size_t> parts(shares.size()), remainders(shares.size()), order(shares.size());
  size_t given = 0;
  for (size_t k = 0; k < shares.size(); ++k) {
    parts[k] = total * shares[k] / sum;
    remainders[k] = total * shares[k] % sum;
    given += parts[k];
  }
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return remainders[a] > remainders[b]; });
  for (size_t i = 0; given < total; ++i, ++given) ++parts[order[i]];
  return parts;
}

}  // namespace

FilterVerdict TaskFilter::check(const FilterTask& task, const Rng& rng, FilterScratch& scratch) const {
  const auto& [labelled, labels, queries, query_labels, num_classes, out_of_bag] = task;
  assert(labelled.num_rows == labels.size() && queries.num_rows == query_labels.size() && !query_labels.empty());
  scratch.predicted.assign(query_labels.size(), labels[0]);
  scratch.probabilities.assign(query_labels.size() * static_cast<size_t>(num_classes), 0);
  if (std::all_of(labels.begin(), labels.end(), [first = labels[0]](int32_t label) { return label == first; })) {
    return {.reason = RejectReason::kLabelledClasses};
  }
  ColumnsView known = labelled;
  ColumnsView asked = queries;
  if (!is_finite(labelled) || !is_finite(queries)) {
    scratch.imputer.fit(labelled);
    known = scratch.imputer.apply(labelled, scratch.labelled_cells);
    asked = scratch.imputer.apply(queries, scratch.query_cells);
  }
  scratch.forest.fit(known, labels, num_classes, {.num_trees = options_.num_trees, .out_of_bag = out_of_bag},
                     rng.child("forest"), scratch.forest_scratch);
  scratch.forest.predict_labels(asked, scratch.probabilities, scratch.predicted);
  return judge(labels, query_labels, scratch.predicted, num_classes, scratch);
}

FilterVerdict TaskFilter::judge(std::span<const int32_t> labels, std::span<const int32_t> query_labels,
                                std::span<const int32_t> predicted, int num_classes, FilterScratch& scratch) const {
  Confusion& confusion = scratch.confusion;
  confusion.assign(query_labels, predicted, num_classes);
  scratch.present.assign(static_cast<size_t>(num_classes), 0);
  for (const int32_t label : labels) scratch.present[static_cast<size_t>(label)] = 1;
  FilterVerdict verdict{.num_queries = static_cast<int>(query_labels.size()),
                        .num_correct = static_cast<int>(confusion.num_correct())};
  for (int k = 0; k < num_classes; ++k) {
    const bool labelled = scratch.present[static_cast<size_t>(k)] != 0;
    verdict.num_classes += labelled || confusion.num_true(k) > 0;
    if (!labelled) verdict.num_unseen += static_cast<int>(confusion.num_true(k));
  }
  verdict.majority_share = confusion.majority_share();
  verdict.chance = binomial_tail(verdict.num_correct, verdict.num_queries, verdict.majority_share);
  verdict.kappa = confusion.cohen_kappa();
  verdict.balanced_accuracy = confusion.balanced_accuracy();
  verdict.macro_f1 = confusion.macro_f1();
  verdict.majority_macro_f1 = confusion.majority_macro_f1();
  verdict.num_predicted_classes = confusion.num_predicted_classes();
  verdict.dominance = confusion.dominance();
  verdict.reason = first_broken_rule(verdict);
  return verdict;
}

// Written so that NaN breaks a rule.
RejectReason TaskFilter::first_broken_rule(const FilterVerdict& verdict) const {
  if (!(verdict.chance < options_.alpha)) return RejectReason::kChance;
  if (!(verdict.kappa > options_.min_kappa)) return RejectReason::kKappa;
  if (!(verdict.balanced_accuracy > 1.0 / verdict.num_classes + options_.balanced_accuracy_margin)) {
    return RejectReason::kBalancedAccuracy;
  }
  if (!(verdict.macro_f1 >= verdict.majority_macro_f1 + options_.macro_f1_margin)) return RejectReason::kMacroF1;
  if (verdict.num_predicted_classes < options_.min_predicted_classes) return RejectReason::kPredictedClasses;
  if (!(verdict.dominance <= options_.max_dominance)) return RejectReason::kDominance;
  return RejectReason::kNone;
}

std::string TaskFilter::explain(const FilterVerdict& verdict) const {
  switch (verdict.reason) {
    case RejectReason::kNone:
      return "accepted";
    case RejectReason::kLabelledClasses:
      return "the labelled rows are all of one class";
    case RejectReason::kChance:
      return fmt::format(
          "{} of {} queries right: guessing the most frequent class (share {:.4g}) does as well with probability "
          "{:.4g}, which is not below {}",
          verdict.num_correct, verdict.num_queries, verdict.majority_share, verdict.chance, options_.alpha);
    case RejectReason::kKappa:
      return fmt::format("kappa {:.4g} is not above {}", verdict.kappa, options_.min_kappa);
    case RejectReason::kBalancedAccuracy:
      return fmt::format("balanced accuracy {:.4g} is not above 1/{} + {}", verdict.balanced_accuracy,
                         verdict.num_classes, options_.balanced_accuracy_margin);
    case RejectReason::kMacroF1:
      return fmt::format("macro F1 {:.4g} is below {:.4g} of the majority class + {}", verdict.macro_f1,
                         verdict.majority_macro_f1, options_.macro_f1_margin);
    case RejectReason::kPredictedClasses:
      return fmt::format("{} of the classes predicted, fewer than {}", verdict.num_predicted_classes,
                         options_.min_predicted_classes);
    case RejectReason::kDominance:
      return fmt::format("one class is predicted for a share of {:.4g} of the queries, above {}", verdict.dominance,
                         options_.max_dominance);
  }
  return {};
}

std::vector<uint32_t> TaskFilter::consensus(std::span<const int32_t> labels, std::span<const int32_t> query_labels,
                                            std::span<const int32_t> predicted, int num_classes, const Rng& rng) const {
  assert(query_labels.size() == predicted.size());
  std::vector<std::vector<uint32_t>> right(static_cast<size_t>(num_classes));
  for (size_t row = 0; row < query_labels.size(); ++row) {
    if (query_labels[row] == predicted[row]) {
      right[static_cast<size_t>(query_labels[row])].push_back(static_cast<uint32_t>(row));
    }
  }
  std::vector<size_t> shares(right.size());
  for (const int32_t label : labels) {
    shares[static_cast<size_t>(label)] += !right[static_cast<size_t>(label)].empty();
  }
  if (std::all_of(shares.begin(), shares.end(), [](size_t share) { return share == 0; })) return {};

  const Rng choice = rng.child("consensus");
  const std::vector<size_t> wanted = apportion(static_cast<size_t>(options_.consensus_queries), shares);
  std::vector<uint32_t> chosen;
  for (size_t k = 0; k < right.size(); ++k) {
    for (size_t taken = 0, pass = 0; taken < wanted[k]; ++pass) {
      const size_t count = std::min(wanted[k] - taken, right[k].size());
      const std::vector<uint32_t> sample =
          choice.child("class", k)
              .child("pass", pass)
              .sample(static_cast<uint32_t>(right[k].size()), static_cast<uint32_t>(count));
      for (const uint32_t i : sample) chosen.push_back(right[k][i]);
      taken += count;
    }
  }
  std::vector<uint32_t> shuffled;
  for (const uint32_t i : choice.child("order").permutation(static_cast<uint32_t>(chosen.size())))
    shuffled.push_back(chosen[i]);
  return shuffled;
}

}  // namespace manyshot::teacher
