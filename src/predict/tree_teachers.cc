#include "predict/tree_teachers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/text.h"
#include "encoding/share_columns.h"
#include "predict/forest.h"
#include "predict/select_rows.h"
#include "predict/xgboost.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {

constexpr int kLeastTrees = 50, kLeastFolds = 2, kLeastRounds = 30;
constexpr size_t kLeastRows = 1000;
constexpr size_t kFewRows = 1500;  // below which boosted trees take kFewRounds
constexpr int kFewRounds = 75;

// Seconds of one core, measured on 1,000 to 200,000 rows of 5 to 100 columns (docs/auto.md).
double forest_seconds(size_t rows, size_t features, int trees) {
  const auto n = static_cast<double>(rows);
  return trees * n * std::log2(n + 2) * std::sqrt(static_cast<double>(features)) * 1.2e-8;
}
double boosting_seconds(size_t rows, size_t features, double trees) {
  return trees * static_cast<double>(rows) * static_cast<double>(features) * 1.2e-8;
}

// Labelled rows as numbers.
struct Examples {
  FeatureMatrix features;
  std::vector<int32_t> labels;

  Examples at(const std::vector<uint64_t>& rows) const {
    Examples part{
        .features = {.num_rows = rows.size(), .num_features = features.num_features, .nominal = features.nominal}};
    for (const uint64_t row : rows) {
      const auto begin = features.values.begin() + static_cast<ptrdiff_t>(row * features.num_features);
      part.features.values.insert(part.features.values.end(), begin,
                                  begin + static_cast<ptrdiff_t>(features.num_features));
      part.labels.push_back(labels[row]);
    }
    return part;
  }
};

// Copies row `from` of `source` to row `to` of `target`, both [_, K].
void copy_row(const std::vector<double>& source, size_t from, std::vector<double>& target, size_t to,
              size_t num_classes) {
  std::copy_n(source.begin() + static_cast<ptrdiff_t>(from * num_classes), num_classes,
              target.begin() + static_cast<ptrdiff_t>(to * num_classes));
}

std::string left_out_note(std::string_view what, size_t seen, size_t num_rows) {
  return fmt::format("{} {} of the {} labelled rows; a larger --teacher-seconds allows more", what,
                     with_thousands(seen), with_thousands(num_rows));
}

class ForestTeacher : public TreeTeacher {
 public:
  ForestTeacher(const Examples& all, size_t num_classes, const ForestPlan& plan, uint64_t seed) {
    const size_t num_rows = all.labels.size();
    const std::vector<uint64_t> rows =
        select_rows(all.labels, num_classes, plan.num_rows, Selection::kStratified, Rng(seed).child("teacher forest"));
    const Examples seen = all.at(rows);
    forest_ = std::make_unique<ForestClassifier>(seen.features, seen.labels, num_classes, plan.num_trees, seed,
                                                 /*out_of_bag=*/true);
    std::vector<double> frequencies(num_classes);
    for (const int32_t label : seen.labels) frequencies[static_cast<size_t>(label)] += 1;
    for (double& frequency : frequencies) frequency /= static_cast<double>(rows.size());

    honest_.assign(num_rows * num_classes, 0);
    if (rows.size() < num_rows) {
      notes_.push_back(left_out_note("the forest sees", rows.size(), num_rows));
      honest_ = forest_->predict(all.features);
    }
    const std::vector<double>& out_of_bag = forest_->out_of_bag_probabilities();
    for (size_t place = 0; place < rows.size(); ++place) {
      if (std::isnan(out_of_bag[place * num_classes])) {
        copy_row(frequencies, 0, honest_, rows[place], num_classes);
      } else {
        copy_row(out_of_bag, place, honest_, rows[place], num_classes);
      }
    }
  }

  std::vector<double> predict(const FeatureMatrix& queries) const override { return forest_->predict(queries); }

 private:
  std::unique_ptr<ForestClassifier> forest_;
};

// Boosted trees of all rows, and what those of other folds say of each.
struct CrossFit {
  std::unique_ptr<XgboostClassifier> booster;
  std::vector<double> honest;  // [N, K]

  std::string bytes() const {
    ByteWriter writer;
    booster->write(writer);
    writer.numbers(std::span<const double>(honest));
    return writer.take();
  }
  static CrossFit read(ByteReader& reader, size_t num_rows, size_t num_classes) {
    auto booster = std::make_unique<XgboostClassifier>(reader, num_classes);
    return {std::move(booster), reader.block<double>(num_rows * num_classes)};
  }
};

CrossFit cross_fit(const Examples& seen, const std::vector<int32_t>& folds, int num_folds, size_t num_classes,
                   uint64_t seed, const XgboostOptions& options) {
  CrossFit result{.honest = std::vector<double>(seen.labels.size() * num_classes)};
  // Job 0 fits all rows, job 1 + f those outside fold f, and predicts those inside.
  parallel_for(static_cast<size_t>(num_folds) + 1, [&](size_t job, int) {
    check_interrupted();
    std::vector<uint64_t> fitted, held_out;
    for (size_t place = 0; place < seen.labels.size(); ++place) {
      (job > 0 && folds[place] == static_cast<int>(job) - 1 ? held_out : fitted).push_back(place);
    }
    const Examples examples = seen.at(fitted);
    auto booster = std::make_unique<XgboostClassifier>(examples.features, examples.labels, num_classes, seed, options);
    if (job == 0) {
      result.booster = std::move(booster);
      return;
    }
    const std::vector<double> shares = booster->predict(seen.at(held_out).features);
    for (size_t i = 0; i < held_out.size(); ++i) copy_row(shares, i, result.honest, held_out[i], num_classes);
  });
  return result;
}

class BoostedTeacher : public TreeTeacher {
 public:
  BoostedTeacher(const Examples& all, size_t num_classes, const BoostingPlan& plan, uint64_t seed,
                 const FitStore& store) {
    const size_t num_rows = all.labels.size();
    const std::vector<uint64_t> rows = select_rows(all.labels, num_classes, plan.num_rows, Selection::kStratified,
                                                   Rng(seed).child("teacher boosting"));
    const Examples seen = all.at(rows);
    const std::vector<int32_t> folds =
        stratified_folds(seen.labels, num_classes, plan.num_folds, Rng(seed).child("teacher folds"));
    const XgboostOptions options{.num_rounds = plan.num_rounds, .learning_rate = plan.learning_rate};
    const std::string name = fmt::format("cross-fit-{}/{}", plan.num_folds,
                                         xgboost_fit_name<int32_t>(seen.features, seen.labels, seed, options));
    CrossFit fit = store.get_or_compute(
        name, [&] { return cross_fit(seen, folds, plan.num_folds, num_classes, seed, options); },
        [](const CrossFit& done) { return done.bytes(); },
        [&](ByteReader& reader) { return CrossFit::read(reader, rows.size(), num_classes); });
    booster_ = std::move(fit.booster);
    honest_.assign(num_rows * num_classes, 0);
    for (size_t place = 0; place < rows.size(); ++place) copy_row(fit.honest, place, honest_, rows[place], num_classes);
    if (rows.size() == num_rows) return;
    notes_.push_back(left_out_note("the boosted trees see", rows.size(), num_rows));
    const std::vector<double> ordinary = booster_->predict(all.features);
    for (size_t row = 0; row < num_rows; ++row) {
      if (!std::ranges::binary_search(rows, row)) copy_row(ordinary, row, honest_, row, num_classes);
    }
  }

  std::vector<double> predict(const FeatureMatrix& queries) const override { return booster_->predict(queries); }

 private:
  std::unique_ptr<XgboostClassifier> booster_;
};

// `shares` [rows, K] as numbers of three decimals.
std::vector<Column> tree_columns(TreeKind kind, std::vector<double> shares, const std::vector<std::string>& classes) {
  for (double& share : shares) share = std::round(share * 1000) / 1000;
  std::vector<std::string> names;
  for (const std::string& name : classes) names.push_back(fmt::format("{}: {}", name_of(kind), name));
  return share_columns(shares, names);
}

}  // namespace

std::vector<TreeKind> tree_kinds(Teacher teacher) {
  switch (teacher) {
    case Teacher::kNone:
      return {};
    case Teacher::kForest:
      return {TreeKind::kForest};
    case Teacher::kXgboost:
      return {TreeKind::kXgboost};
    case Teacher::kBoth:
      return {TreeKind::kForest, TreeKind::kXgboost};
  }
  return {};
}

ForestPlan plan_forest(size_t num_rows, size_t num_features, double seconds) {
  ForestPlan plan{.num_rows = num_rows};
  const auto is_long = [&] { return forest_seconds(plan.num_rows, num_features, plan.num_trees) > seconds; };
  while (plan.num_trees > kLeastTrees && is_long()) plan.num_trees -= 10;
  while (plan.num_rows > kLeastRows && is_long()) plan.num_rows = std::max(kLeastRows, plan.num_rows * 4 / 5);
  return plan;
}

BoostingPlan plan_boosting(size_t num_rows, size_t num_features, size_t num_classes, double seconds) {
  BoostingPlan plan{.num_rows = num_rows};
  if (num_rows < kFewRows) plan.num_rounds = kFewRounds;
  plan.num_folds = static_cast<int>(std::clamp<size_t>(num_rows, 1, static_cast<size_t>(plan.num_folds)));
  const double trees_a_round = num_classes > 2 ? static_cast<double>(num_classes) : 1;
  const auto is_long = [&] {
    return (plan.num_folds + 1) * boosting_seconds(plan.num_rows, num_features, plan.num_rounds * trees_a_round) >
           seconds;
  };
  while (plan.num_folds > kLeastFolds && is_long()) --plan.num_folds;
  while (plan.num_rounds > kLeastRounds && is_long()) {
    plan.num_rounds = plan.num_rounds * 4 / 5;
    plan.learning_rate *= 1.25;
  }
  while (plan.num_rows > kLeastRows && is_long()) plan.num_rows = std::max(kLeastRows, plan.num_rows * 4 / 5);
  return plan;
}

std::unique_ptr<TreeTeacher> fit_tree_teacher(TreeKind kind, const FeatureMatrix& features,
                                              const std::vector<int32_t>& labels, size_t num_classes, double seconds,
                                              uint64_t seed, const FitStore& store) {
  const Examples examples{features, labels};
  if (kind == TreeKind::kForest) {
    return std::make_unique<ForestTeacher>(examples, num_classes,
                                           plan_forest(labels.size(), features.num_features, seconds), seed);
  }
  return std::make_unique<BoostedTeacher>(
      examples, num_classes, plan_boosting(labels.size(), features.num_features, num_classes, seconds), seed, store);
}

TreeTeachers::TreeTeachers(const LabelledTable& shots, std::vector<TreeKind> kinds, double seconds, uint64_t seed,
                           const FitStore& store)
    : classes_(shots.classes), encoder_(FeatureEncoder::fit(shots.features)), kinds_(std::move(kinds)) {
  const FeatureMatrix features = encoder_.transform(shots.features);
  for (const TreeKind kind : kinds_) {
    teachers_.push_back(fit_tree_teacher(kind, features, shots.labels, shots.num_classes(),
                                         seconds / static_cast<double>(kinds_.size()), seed,
                                         store.part(name_of(kind))));
  }
}

std::vector<std::vector<double>> TreeTeachers::predict(const Table& queries) const {
  const FeatureMatrix features = encoder_.transform(queries);
  std::vector<std::vector<double>> shares;
  for (const auto& teacher : teachers_) shares.push_back(teacher->predict(features));
  return shares;
}

std::vector<std::string> TreeTeachers::notes() const {
  std::vector<std::string> notes;
  for (const auto& teacher : teachers_) notes.insert(notes.end(), teacher->notes().begin(), teacher->notes().end());
  return notes;
}

size_t TreeTeachers::place_of(TreeKind kind) const {
  return static_cast<size_t>(std::ranges::find(kinds_, kind) - kinds_.begin());
}

LabelledTable TreeTeachers::teach(const LabelledTable& shots, const std::vector<TreeKind>& kinds,
                                  std::span<const uint64_t> rows) const {
  LabelledTable taught = shots.at(rows);
  for (const TreeKind kind : kinds) {
    for (const Column& column : tree_columns(kind, honest(kind), classes_))
      taught.features.columns.push_back(take_rows(column, rows));
  }
  return taught;
}

Table TreeTeachers::teach(const Table& queries, const std::vector<TreeKind>& kinds,
                          const std::vector<std::vector<double>>& shares) const {
  Table taught = queries;
  for (const TreeKind kind : kinds)
    std::ranges::move(tree_columns(kind, shares[place_of(kind)], classes_), std::back_inserter(taught.columns));
  return taught;
}

}  // namespace manyshot
