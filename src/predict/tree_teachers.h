// The teacher in the prompt: tree ensembles fitted to all labelled rows, whose class shares stand in the prompt as
// further columns. A labelled row shows what trees say that did not see it, so that the model can read off how far to
// trust them. The paper's teacher works in training (arXiv 2509.06806, section 2.3); this one works at prediction time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/names.h"
#include "encoding/features.h"
#include "predict/predictor.h"

namespace manyshot {

enum class TreeKind { kForest, kXgboost };
constexpr auto names_of(TreeKind) {
  return std::to_array<Named<TreeKind>>({{TreeKind::kForest, "forest"}, {TreeKind::kXgboost, "xgboost"}});
}
// Those whose columns `teacher` asks for.
std::vector<TreeKind> tree_kinds(Teacher teacher);

// What is fitted: settled by the sizes of the task and the seconds allowed, never by a clock, so that the same task
// gives the same bits on every machine. Boosted trees take half as many rounds where rows are few: more make them surer
// and no better (docs/auto.md). Trees, folds and rounds shrink first, then rows are left out.
struct ForestPlan {
  int num_trees = 200;
  size_t num_rows = 0;
};
struct BoostingPlan {
  int num_folds = 5;  // of the cross-fit
  int num_rounds = 150;
  double learning_rate = 0.1;
  size_t num_rows = 0;
};
// `seconds` of one core.
ForestPlan plan_forest(size_t num_rows, size_t num_features, double seconds);
BoostingPlan plan_boosting(size_t num_rows, size_t num_features, size_t num_classes, double seconds);

// The class shares of one ensemble of trees.
class TreeTeacher {
 public:
  virtual ~TreeTeacher() = default;
  // [N, K] of the labelled rows, each from trees that did not see it: out of bag for the forest, cross-fitted in
  // stratified folds for boosted trees, ordinary for rows that the plan leaves out. Rows sum to 1.
  const std::vector<double>& honest() const { return honest_; }
  // [Q, K] A query's are the same bits whatever rows stand beside it. Safe from several threads.
  virtual std::vector<double> predict(const FeatureMatrix& queries) const = 0;
  // What was left out to keep within the time.
  const std::vector<std::string>& notes() const { return notes_; }

 protected:
  std::vector<double> honest_;
  std::vector<std::string> notes_;
};
// Trees are spread over core/parallel.h; the result is the same bits for any number of threads. A labelled row that all
// trees saw, or whose class has no other row, gets what the others say, at worst the class frequencies.
std::unique_ptr<TreeTeacher> fit_tree_teacher(TreeKind kind, const FeatureMatrix& features,
                                              const std::vector<int32_t>& labels, size_t num_classes, double seconds,
                                              uint64_t seed, const FitStore& store = {});

// The teachers of a task.
class TreeTeachers {
 public:
  // `seconds` of one core in all.
  TreeTeachers(const LabelledTable& shots, std::vector<TreeKind> kinds, double seconds, uint64_t seed,
               const FitStore& store = {});

  const std::vector<TreeKind>& kinds() const { return kinds_; }
  const std::vector<double>& honest(TreeKind kind) const { return teacher(kind).honest(); }  // [N, K]
  // Class shares [Q, K] of each kind, in the order of kinds().
  std::vector<std::vector<double>> predict(const Table& queries) const;
  std::vector<std::string> notes() const;

  // `rows` of the labelled rows, with the honest shares of `kinds` as further columns, rounded to three decimals: one
  // column for two classes, else one for each class.
  LabelledTable teach(const LabelledTable& shots, const std::vector<TreeKind>& kinds,
                      std::span<const uint64_t> rows) const;
  // Queries with the shares of `kinds`; `shares` is what predict gave for them.
  Table teach(const Table& queries, const std::vector<TreeKind>& kinds,
              const std::vector<std::vector<double>>& shares) const;

 private:
  const TreeTeacher& teacher(TreeKind kind) const { return *teachers_[place_of(kind)]; }
  size_t place_of(TreeKind kind) const;

  std::vector<std::string> classes_;
  FeatureEncoder encoder_;
  std::vector<TreeKind> kinds_;
  std::vector<std::unique_ptr<TreeTeacher>> teachers_;  // of each kind
};

}  // namespace manyshot
