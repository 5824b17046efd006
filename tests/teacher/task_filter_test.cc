// The guard at its borders and the warm-up consensus. Reference numbers: scikit-learn 1.9.1 and SciPy 1.17.1.
#include "teacher/task_filter.h"

#include <map>
#include <numeric>
#include <set>

#include "core/parallel.h"
#include "teacher/impute.h"
#include "teacher/scores.h"
#include "testing.h"

namespace manyshot::teacher {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Scores, EqualScikitLearn) {
  const std::vector<int32_t> truth = {0, 0, 0, 1, 1, 2, 2, 2, 2, 0}, predicted = {0, 1, 0, 1, 3, 2, 2, 0, 2, 0};
  Confusion confusion;
  confusion.assign(truth, predicted, 6);  // classes 4 and 5 occur nowhere, 3 only in the predictions
  EXPECT_EQ(confusion.num_correct(), 7);
  EXPECT_NEAR(confusion.cohen_kappa(), 0.5588235294117647, 1e-14);
  EXPECT_NEAR(confusion.balanced_accuracy(), 0.6666666666666666, 1e-14);
  EXPECT_NEAR(confusion.macro_f1(), 0.5267857142857143, 1e-14);
  EXPECT_NEAR(confusion.majority_macro_f1(), 0.19047619047619047, 1e-14);
  EXPECT_EQ(confusion.num_true_classes(), 3);
  EXPECT_EQ(confusion.num_predicted_classes(), 4);
  EXPECT_EQ(confusion.majority_share(), 0.4);
  EXPECT_EQ(confusion.dominance(), 0.4);
}

TEST(Scores, KappaOfOneClassIsNotANumber) {
  const std::vector<int32_t> ones(5, 1);
  Confusion confusion;
  confusion.assign(ones, ones, 2);
  EXPECT_TRUE(std::isnan(confusion.cohen_kappa()));
  EXPECT_EQ(confusion.balanced_accuracy(), 1);
  EXPECT_EQ(confusion.macro_f1(), 1);
}

TEST(Scores, BinomialTailEqualsScipy) {
  struct Case {
    int successes, trials;
    double probability, tail;  // scipy.stats.binom.sf(successes - 1, trials, probability)
  };
  for (const Case& c : {Case{28, 50, 0.5, 0.23994383084916393}, Case{29, 50, 0.5, 0.16111816017877345},
                        Case{42, 50, 0.8, 0.30733162775583334}, Case{43, 50, 0.8, 0.19040981158218973},
                        Case{10, 50, 0.12, 0.07076160003564357}, Case{50, 50, 0.98, 0.36416968008711675},
                        Case{1, 50, 0.02, 0.635830319912883}, Case{600, 1000, 0.58, 0.10557451529072699},
                        Case{5, 20, 0.9, 0.9999999999996737}}) {
    EXPECT_NEAR(binomial_tail(c.successes, c.trials, c.probability), c.tail, 1e-12 * c.tail)
        << c.successes << " of " << c.trials;
  }
  EXPECT_EQ(binomial_tail(0, 50, 0.5), 1);
  EXPECT_EQ(binomial_tail(51, 50, 0.5), 0);
  EXPECT_EQ(binomial_tail(3, 50, 0), 0);
  EXPECT_EQ(binomial_tail(50, 50, 1), 1);
}

TEST(Scores, BinomialTailsFallAndAddUp) {
  for (const double p : {0.01, 0.3, 0.5, 0.77, 0.999}) {
    for (int k = 1; k <= 60; ++k) {
      ASSERT_LE(binomial_tail(k, 60, p), binomial_tail(k - 1, 60, p));
      // P[X >= k] + P[60 - X >= 60 - k + 1] = 1
      ASSERT_NEAR(binomial_tail(k, 60, p) + binomial_tail(61 - k, 60, 1 - p), 1, 1e-12);
    }
  }
}

TEST(MedianImputer, FillsWithTheMedianOfTheLabelledRows) {
  const float nan = NAN, inf = INFINITY;
  const TestTable labelled =
      table_of({{3, 1, nan, 2}, {1, nan, 4, nan}, {nan, nan, nan, nan}, {1, inf, 2, 3}}, {0, 1, 0, 1});
  const TestTable queries = table_of({{nan, 7}, {nan, -inf}, {nan, 5}, {nan, 1}}, {0, 1});
  EXPECT_FALSE(is_finite(labelled.columns()));
  MedianImputer imputer;
  imputer.fit(labelled.columns());
  EXPECT_THAT(imputer.medians(), ElementsAre(2, 2.5, 0, 2.5));
  std::vector<float> memory;
  const ColumnsView filled = imputer.apply(queries.columns(), memory);
  EXPECT_TRUE(is_finite(filled));
  const float largest = std::numeric_limits<float>::max();
  EXPECT_THAT(std::vector<float>(filled.data, filled.data + 8), ElementsAre(2, 7, 2.5, -largest, 0, 5, 2.5, 1));
}

// `right[k]` of `all[k]` queries of class k are right; a wrong one is taken for the next class.
struct Queries {
  std::vector<int32_t> truth, predicted;
};
Queries queries_of(const std::vector<int>& all, const std::vector<int>& right) {
  Queries queries;
  for (size_t k = 0; k < all.size(); ++k) {
    for (int i = 0; i < all[k]; ++i) {
      queries.truth.push_back(static_cast<int32_t>(k));
      queries.predicted.push_back(static_cast<int32_t>(i < right[k] ? k : (k + 1) % all.size()));
    }
  }
  return queries;
}

FilterVerdict judge(const Queries& queries, const FilterOptions& options = {}, std::vector<int32_t> labels = {}) {
  if (labels.empty()) labels = queries.truth;
  FilterScratch scratch;
  const int num_classes = 1 + *std::max_element(queries.truth.begin(), queries.truth.end());
  return TaskFilter(options).judge(labels, queries.truth, queries.predicted, std::max(num_classes, 2), scratch);
}

TEST(TaskFilter, TwentyNineOfFiftyEvenQueriesAreBeyondChance) {
  const FilterVerdict chance = judge(queries_of({25, 25}, {14, 14}));
  EXPECT_EQ(chance.reason, RejectReason::kChance);
  EXPECT_NEAR(chance.chance, 0.23994383084916393, 1e-13);
  const FilterVerdict kept = judge(queries_of({25, 25}, {15, 14}));
  EXPECT_TRUE(kept.accepted());
  EXPECT_NEAR(kept.chance, 0.16111816017877345, 1e-13);
  EXPECT_EQ(kept.num_correct, 29);
  EXPECT_EQ(kept.majority_share, 0.5);
  EXPECT_EQ(kept.kappa, 0.16);  // (50 * 29 - 25 * 26 - 25 * 24) / (2500 - 1250)
  EXPECT_DOUBLE_EQ(kept.balanced_accuracy, 0.58);
  EXPECT_DOUBLE_EQ(kept.majority_macro_f1, 1.0 / 3);
  EXPECT_EQ(kept.dominance, 0.52);
}

TEST(TaskFilter, FortyThreeOfFiftyUnevenQueriesAreBeyondChance) {
  EXPECT_EQ(judge(queries_of({40, 10}, {38, 4})).reason, RejectReason::kChance);  // 42: tail 0.307
  EXPECT_EQ(judge(queries_of({40, 10}, {38, 5})).reason, RejectReason::kNone);    // 43: tail 0.190
}

// A verdict that passes, with each threshold moved to its number and a hair to either side.
TEST(TaskFilter, EveryBorderIsWhereTheRuleSays) {
  const Queries queries = queries_of({25, 25}, {15, 14});
  const FilterVerdict v = judge(queries);
  const auto reason = [&](auto change) {
    FilterOptions options;
    change(options);
    return judge(queries, options).reason;
  };
  const auto above = [](double x) { return std::nextafter(x, 2.0); };
  const auto below = [](double x) { return std::nextafter(x, -2.0); };
  EXPECT_EQ(reason([&](auto& o) { o.alpha = v.chance; }), RejectReason::kChance);
  EXPECT_EQ(reason([&](auto& o) { o.alpha = above(v.chance); }), RejectReason::kNone);
  EXPECT_EQ(reason([&](auto& o) { o.min_kappa = 0.16; }), RejectReason::kKappa);
  EXPECT_EQ(reason([&](auto& o) { o.min_kappa = below(0.16); }), RejectReason::kNone);
  EXPECT_EQ(reason([&](auto& o) { o.balanced_accuracy_margin = v.balanced_accuracy - 0.5; }),
            RejectReason::kBalancedAccuracy);
  EXPECT_EQ(reason([&](auto& o) { o.balanced_accuracy_margin = v.balanced_accuracy - 0.5 - 1e-15; }),
            RejectReason::kNone);
  EXPECT_EQ(reason([&](auto& o) { o.macro_f1_margin = v.macro_f1 - v.majority_macro_f1; }), RejectReason::kNone);
  EXPECT_EQ(reason([&](auto& o) { o.macro_f1_margin = v.macro_f1 - v.majority_macro_f1 + 1e-15; }),
            RejectReason::kMacroF1);
  EXPECT_EQ(reason([&](auto& o) { o.min_predicted_classes = 2; }), RejectReason::kNone);
  EXPECT_EQ(reason([&](auto& o) { o.min_predicted_classes = 3; }), RejectReason::kPredictedClasses);
  EXPECT_EQ(reason([&](auto& o) { o.max_dominance = 0.52; }), RejectReason::kNone);
  EXPECT_EQ(reason([&](auto& o) { o.max_dominance = below(0.52); }), RejectReason::kDominance);
}

TEST(TaskFilter, BalancedAccuracyMustExceedTheMargin) {
  // 53 of 100 in both classes: exactly 1/2 + 0.03.
  const FilterOptions options = {.alpha = 1};
  EXPECT_EQ(judge(queries_of({100, 100}, {53, 53}), options).reason, RejectReason::kBalancedAccuracy);
  EXPECT_EQ(judge(queries_of({100, 100}, {54, 53}), options).reason, RejectReason::kNone);
}

TEST(TaskFilter, TheFirstBrokenRuleIsNamed) {
  // Everything predicted as class 0: no better than chance, kappa 0, one class, dominance 1.
  const Queries one = queries_of({30, 20}, {30, 0});
  EXPECT_EQ(judge(one).reason, RejectReason::kChance);
  FilterOptions options = {.alpha = 1};
  EXPECT_EQ(judge(one, options).reason, RejectReason::kKappa);
  options.min_kappa = -1;
  EXPECT_EQ(judge(one, options).reason, RejectReason::kBalancedAccuracy);
  options.balanced_accuracy_margin = -1;
  EXPECT_EQ(judge(one, options).reason, RejectReason::kPredictedClasses);  // macro F1 equals the majority's
  options.min_predicted_classes = 1;
  EXPECT_EQ(judge(one, options).reason, RejectReason::kDominance);
  options.max_dominance = 1;
  EXPECT_EQ(judge(one, options).reason, RejectReason::kNone);
}

TEST(TaskFilter, QueriesOfOneClassAreRejected) {
  const FilterVerdict verdict = judge(queries_of({50}, {50}), {}, {0, 1});
  EXPECT_EQ(verdict.reason, RejectReason::kChance);
  EXPECT_EQ(verdict.chance, 1);
  EXPECT_TRUE(std::isnan(verdict.kappa));
  EXPECT_EQ(judge(queries_of({50}, {50}), {.alpha = 1.0, .min_kappa = -1}, {0, 1}).reason, RejectReason::kChance);
}

TEST(TaskFilter, ClassesWithoutLabelledRowsCountAsWrong) {
  Queries queries = queries_of({20, 20, 10}, {18, 18, 0});
  const FilterVerdict verdict = judge(queries, {}, {0, 1, 0, 1});
  EXPECT_TRUE(verdict.accepted());
  EXPECT_EQ(verdict.num_unseen, 10);
  EXPECT_EQ(verdict.num_classes, 3);
  EXPECT_EQ(verdict.num_correct, 36);
  EXPECT_DOUBLE_EQ(verdict.balanced_accuracy, 0.6);
}

TEST(TaskFilter, NamesAndExplanations) {
  std::set<std::string_view> names;
  for (const auto& entry : names_of(RejectReason{})) names.insert(entry.name);
  EXPECT_EQ(names.size(), 8u);
  EXPECT_EQ(name_of(RejectReason::kBalancedAccuracy), "balanced_accuracy");
  const TaskFilter filter;
  EXPECT_EQ(filter.explain(judge(queries_of({25, 25}, {14, 14}))),
            "28 of 50 queries right: guessing the most frequent class (share 0.5) does as well with probability "
            "0.2399, which is not below 0.2");
  EXPECT_EQ(filter.explain(judge(queries_of({25, 25}, {15, 14}))), "accepted");
  EXPECT_EQ(filter.explain({.reason = RejectReason::kLabelledClasses}), "the labelled rows are all of one class");
  EXPECT_EQ(filter.explain({.reason = RejectReason::kKappa, .kappa = 0.004}), "kappa 0.004 is not above 0.01");
  EXPECT_EQ(filter.explain({.reason = RejectReason::kBalancedAccuracy, .num_classes = 4, .balanced_accuracy = 0.28}),
            "balanced accuracy 0.28 is not above 1/4 + 0.03");
  EXPECT_THAT(filter.explain({.reason = RejectReason::kMacroF1, .macro_f1 = 0.2, .majority_macro_f1 = 0.25}),
              HasSubstr("macro F1 0.2 is below 0.25"));
  EXPECT_THAT(filter.explain({.reason = RejectReason::kPredictedClasses, .num_predicted_classes = 1}),
              HasSubstr("1 of the classes predicted"));
  EXPECT_THAT(filter.explain({.reason = RejectReason::kDominance, .dominance = 0.98}), HasSubstr("share of 0.98"));
}

FilterVerdict check(const TestTable& table, size_t num_labelled, FilterScratch& scratch, uint64_t seed = 1) {
  const std::span<const int32_t> labels(table.labels);
  return TaskFilter().check({.labelled = table.rows(0, num_labelled),
                             .labels = labels.first(num_labelled),
                             .queries = table.rows(num_labelled, table.num_rows() - num_labelled),
                             .query_labels = labels.subspan(num_labelled),
                             .num_classes = table.num_classes},
                            Rng(seed), scratch);
}

TEST(TaskFilter, KeepsTasksWithSignalAndRejectsNoise) {
  FilterScratch scratch;
  int kept_signal = 0, kept_noise = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    TestTable table = random_table(250, 6, 3, 0, seed);
    kept_signal += check(table, 200, scratch).accepted();
    for (size_t row = 0; row < table.num_rows(); ++row)
      table.labels[row] = static_cast<int32_t>(Rng(seed).child("noise label").below(row, 3));
    kept_noise += check(table, 200, scratch).accepted();
  }
  EXPECT_GE(kept_signal, 55);
  EXPECT_LE(kept_noise, 15);  // a fifth or less: alpha 0.2, majority share above a third
}

TEST(TaskFilter, VerdictsAreTheSameForAnyNumberOfThreadsAndAnyScratch) {
  const TestTable table = random_table(350, 8, 4, 0, 3);
  std::vector<std::vector<double>> probabilities;
  FilterScratch used;
  check(random_table(100, 20, 7, 0, 4), 50, used);
  for (const int threads : {1, 2, 7}) {
    set_num_threads(threads);
    FilterScratch fresh;
    check(table, 300, fresh);
    check(table, 300, used);
    probabilities.push_back(fresh.probabilities);
    EXPECT_EQ(used.probabilities, fresh.probabilities);
    EXPECT_EQ(used.predicted, fresh.predicted);
  }
  set_num_threads(0);
  EXPECT_THAT(probabilities, Each(probabilities.front()));
}

TEST(TaskFilter, MissingCellsAreFilled) {
  TestTable table = random_table(300, 4, 2, 0, 5);
  FilterScratch scratch;
  TestTable holes = table;
  for (size_t i = 0; i < holes.values.size(); i += 7) holes.values[i] = NAN;
  check(holes, 250, scratch);
  // The same as filling in by hand.
  const std::vector<double> probabilities = scratch.probabilities;
  for (size_t feature = 0; feature < 4; ++feature) {
    std::vector<float> known;
    for (size_t row = 0; row < 250; ++row) {
      if (!std::isnan(holes.values[feature * 300 + row])) known.push_back(holes.values[feature * 300 + row]);
    }
    std::sort(known.begin(), known.end());
    const size_t half = known.size() / 2;
    const auto median =
        static_cast<float>(known.size() % 2 == 1 ? known[half] : 0.5 * (double{known[half - 1]} + known[half]));
    for (size_t row = 0; row < 300; ++row) {
      if (std::isnan(holes.values[feature * 300 + row])) holes.values[feature * 300 + row] = median;
    }
  }
  check(holes, 250, scratch);
  EXPECT_EQ(scratch.probabilities, probabilities);
}

TEST(TaskFilter, LabelledRowsOfOneClassAreRejected) {
  TestTable table = random_table(60, 3, 2, 0, 6);
  std::fill(table.labels.begin(), table.labels.begin() + 10, 1);
  FilterScratch scratch;
  EXPECT_EQ(check(table, 10, scratch).reason, RejectReason::kLabelledClasses);
  EXPECT_EQ(scratch.predicted, std::vector<int32_t>(50, 1));
}

std::vector<int32_t> labels_of(const std::vector<int>& counts) {
  std::vector<int32_t> labels;
  for (size_t k = 0; k < counts.size(); ++k)
    labels.insert(labels.end(), static_cast<size_t>(counts[k]), static_cast<int32_t>(k));
  return labels;
}

// How many of the chosen rows are of each class, and how often the row chosen most stands there.
std::pair<std::vector<int>, int> count(const std::vector<uint32_t>& chosen, const Queries& queries,
                                       size_t num_classes) {
  std::vector<int> by_class(num_classes);
  std::map<uint32_t, int> times;
  int most = 0;
  for (const uint32_t row : chosen) {
    EXPECT_EQ(queries.truth[row], queries.predicted[row]);
    ++by_class[static_cast<size_t>(queries.truth[row])];
    most = std::max(most, ++times[row]);
  }
  return {by_class, most};
}

TEST(Consensus, ClassesGetTheirSharesOfTheLabelledRows) {
  // Shares 50 %, 30 %, 20 % of 20 rows, all classes with enough right rows: nothing twice.
  const Queries queries = queries_of({20, 15, 15}, {15, 10, 10});
  const auto chosen = TaskFilter().consensus(labels_of({50, 30, 20}), queries.truth, queries.predicted, 3, Rng(1));
  const auto [by_class, most] = count(chosen, queries, 3);
  EXPECT_THAT(by_class, ElementsAre(10, 6, 4));
  EXPECT_EQ(most, 1);
}

TEST(Consensus, LargestRemaindersGetTheRest) {
  // 20 * (7, 5, 4)/16 = 8.75, 6.25, 5: the rest of one goes to the first.
  const Queries queries = queries_of({20, 15, 15}, {15, 10, 10});
  EXPECT_THAT(
      count(TaskFilter().consensus(labels_of({7, 5, 4}), queries.truth, queries.predicted, 3, Rng(1)), queries, 3)
          .first,
      ElementsAre(9, 6, 5));
  // Equal thirds, 6.67 each: two rests, the lower classes first.
  EXPECT_THAT(
      count(TaskFilter().consensus(labels_of({4, 4, 4}), queries.truth, queries.predicted, 3, Rng(1)), queries, 3)
          .first,
      ElementsAre(7, 7, 6));
}

TEST(Consensus, ClassesWithFewRightRowsRepeatThemEvenly) {
  // 8 rows of class 1 out of 3 right ones: each twice, two of them three times.
  const Queries queries = queries_of({30, 20}, {30, 3});
  const auto chosen = TaskFilter().consensus(labels_of({60, 40}), queries.truth, queries.predicted, 2, Rng(1));
  std::map<uint32_t, int> times;
  for (const uint32_t row : chosen) {
    if (queries.truth[row] == 1) ++times[row];
  }
  std::vector<int> counts;
  for (const auto& [row, n] : times) counts.push_back(n);
  std::sort(counts.begin(), counts.end());
  EXPECT_THAT(counts, ElementsAre(2, 3, 3));
  EXPECT_THAT(count(chosen, queries, 2).first, ElementsAre(12, 8));
}

TEST(Consensus, ClassesWithoutRightRowsLeaveTheirShareToOthers) {
  const Queries queries = queries_of({20, 20, 10}, {20, 20, 0});
  EXPECT_THAT(
      count(TaskFilter().consensus(labels_of({30, 10, 40}), queries.truth, queries.predicted, 3, Rng(1)), queries, 3)
          .first,
      ElementsAre(15, 5, 0));
  const Queries none = queries_of({20, 20}, {0, 0});
  EXPECT_TRUE(TaskFilter().consensus(labels_of({5, 5}), none.truth, none.predicted, 2, Rng(1)).empty());
}

TEST(Consensus, IsRandomAndReproducible) {
  const Queries queries = queries_of({25, 25}, {20, 20});
  const std::vector<int32_t> labels = labels_of({10, 10});
  const auto choose = [&](uint64_t seed) {
    return TaskFilter().consensus(labels, queries.truth, queries.predicted, 2, Rng(seed));
  };
  EXPECT_EQ(choose(1), choose(1));
  std::set<std::vector<uint32_t>> different;
  std::vector<int> times(50);
  int first_of_class_0 = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const auto chosen = choose(seed);
    different.insert(chosen);
    for (const uint32_t row : chosen) ++times[row];
    first_of_class_0 += queries.truth[chosen[0]] == 0;
  }
  EXPECT_EQ(different.size(), 2000u);
  for (size_t row = 0; row < 50; ++row) {
    if (queries.truth[row] == queries.predicted[row]) {
      EXPECT_NEAR(times[row], 1000, 110);  // half of 2,000, five standard deviations
    } else {
      EXPECT_EQ(times[row], 0);
    }
  }
  EXPECT_NEAR(first_of_class_0, 1000, 112);
}

TEST(Consensus, NumberOfRowsIsAnOption) {
  const Queries queries = queries_of({25, 25}, {20, 20});
  EXPECT_EQ(TaskFilter({.consensus_queries = 7})
                .consensus(labels_of({3, 4}), queries.truth, queries.predicted, 2, Rng(1))
                .size(),
            7u);
}

}  // namespace
}  // namespace manyshot::teacher
