#include "predict/auto_method.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "predict/blend.h"
#include "predict/calibration.h"
#include "predict/ensemble_plan.h"
#include "predict/in_context.h"
#include "predict/model_store.h"
#include "predict/prompt_plan.h"
#include "predict/taught_method.h"

namespace manyshot {
namespace {

// What counts how much before a row is looked at, and how many rows that is worth. The model alone is ahead of trees
// and of the views with their columns on most tables with few rows (docs/auto.md).
constexpr double kPriorRows = 6, kTreePrior = 0.2;
// The average of several is less sure than each: it is scaled back. Its classes need no offsets, each member's are
// fitted.
constexpr CalibrationPenalties kScaleOnly{.scale = 30, .offset = 1e6};

// A way in which the model is shown a task.
struct View {
  std::vector<TreeKind> kinds;  // whose columns it sees
  int members_in_eight;         // of the ensemble
  double prior;                 // beside kTreePrior
};
const std::vector<View>& views() {
  static const std::vector<View> views{
      {{}, 4, 6}, {{TreeKind::kForest}, 2, 1}, {{TreeKind::kForest, TreeKind::kXgboost}, 2, 1}};
  return views;
}

std::string describe(const View& view) {
  std::string name(kAutoStudent);
  for (size_t i = 0; i < view.kinds.size(); ++i)
    name += fmt::format("{}{}", i == 0 ? " with " : " and ", name_of(view.kinds[i]));
  return name;
}

// Mean of -log p(label) over the rows in which `average` has no NaN: those that all members predicted; NaN without any.
double log_loss(const std::vector<double>& probabilities, const std::vector<int32_t>& labels,
                const std::vector<double>& average) {
  const size_t num_classes = probabilities.size() / labels.size();
  double sum = 0, rows = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    if (std::isnan(average[row * num_classes])) continue;
    const double p = probabilities[row * num_classes + static_cast<size_t>(labels[row])];
    sum -= std::log(std::max(p, kLeastProbability));
    ++rows;
  }
  return sum / rows;
}

class AutoPredictor : public Predictor {
 public:
  AutoPredictor(const LabelledTable& shots, const std::vector<std::unique_ptr<Method>>& students,
                const MethodOptions& options, uint64_t seed, std::vector<std::string> notes, const FitStore& store)
      : counts_(shots.class_counts()),
        teachers_(std::make_shared<TreeTeachers>(shots, tree_kinds(Teacher::kBoth), options.teacher.teacher_seconds,
                                                 seed, store)),
        calibration_(counts_.size()),
        notes_(std::move(notes)) {
    std::ranges::copy(teachers_->notes(), std::back_inserter(notes_));
    for (size_t i = 0; i < students.size(); ++i)
      add_student(views()[i], *students[i], shots, seed, store.part(fmt::format("view-{}", i)));
    for (const TreeKind kind : teachers_->kinds()) {
      parts_.push_back({.name = std::string(name_of(kind)), .honest = teachers_->honest(kind)});
    }
    weigh(shots.labels);
    if (options.calibrate == Calibrate::kContext) calibrate(shots.labels);
  }

  std::vector<double> predict(const Table& queries) const override {
    const std::vector<std::vector<double>> shares = teachers_->predict(queries);
    std::vector<double> result(queries.num_rows * counts_.size());
    size_t next_trees = 0;
    for (const Part& part : parts_) {
      add(part.student == nullptr ? shares[next_trees++] : part.student->predict(queries, shares), part.weight, result);
    }
    apply_calibration(result);
    return result;
  }
  std::vector<double> honest_probabilities() const override { return honest_; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  // What is averaged: a student, or trees.
  struct Part {
    std::string name;
    std::unique_ptr<TaughtPredictor> student;  // null: the trees of that name
    std::vector<double> honest;                // [N, K]
    double prior = kTreePrior, weight = 0;
  };

  static void add(const std::vector<double>& probabilities, double weight, std::vector<double>& sum) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += weight * probabilities[i];
  }

  void add_student(const View& view, const Method& method, const LabelledTable& shots, uint64_t seed,
                   const FitStore& store) {
    Part part{.name = describe(view),
              .student = std::make_unique<TaughtPredictor>(teachers_, view.kinds, method, shots, seed, store),
              .prior = view.prior};
    part.honest = part.student->honest_probabilities();
    if (part.honest.empty()) part.honest.assign(shots.labels.size() * counts_.size(), NAN);
    if (view.kinds.empty()) std::ranges::copy(part.student->notes(), std::back_inserter(notes_));
    parts_.push_back(std::move(part));
  }

  void weigh(const std::vector<int32_t>& labels) {
    std::vector<std::vector<double>> honest;
    std::vector<double> prior;
    double total = 0;
    for (const Part& part : parts_) {
      honest.push_back(part.honest);
      prior.push_back(part.prior);
      total += part.prior;
    }
    for (double& share : prior) share /= total;
    const std::vector<double> weights = fit_blend(honest, labels, counts_.size(), prior, kPriorRows);
    honest_.assign(labels.size() * counts_.size(), 0);
    for (size_t i = 0; i < parts_.size(); ++i) {
      parts_[i].weight = weights[i];
      add(honest[i], weights[i], honest_);
    }
    std::vector<std::string> shares;
    for (size_t i = 0; i < parts_.size(); ++i) {
      shares.push_back(fmt::format("{} {:.0f} %", parts_[i].name, 100 * weights[i]));
      const double loss = log_loss(honest[i], labels, honest_);
      if (!std::isnan(loss)) shares.back() += fmt::format(" ({:.3f})", loss);
    }
    notes_.push_back(
        fmt::format("what counts how much, with the log loss on labelled rows whose own label was hidden: {}",
                    fmt::join(shares, ", ")));
  }

  // Log-probabilities of `probabilities` in place; of classes with labelled rows none is -infinity, and NaN stays.
  void take_logarithms(std::span<double> probabilities) const {
    for (size_t i = 0; i < probabilities.size(); ++i) {
      const bool is_possible = counts_[i % counts_.size()] > 0;
      probabilities[i] = is_possible ? std::log(std::max(probabilities[i], kLeastProbability)) : -INFINITY;
    }
  }

  void calibrate(const std::vector<int32_t>& labels) {
    std::vector<double> inputs = honest_;
    take_logarithms(inputs);
    calibration_ = Calibration::fit(inputs, labels, counts_.size(), kScaleOnly);
    apply_calibration(honest_);
  }

  // Rows of NaN stay.
  void apply_calibration(std::vector<double>& probabilities) const {
    for (size_t begin = 0; begin < probabilities.size(); begin += counts_.size()) {
      const auto row = std::span(probabilities).subspan(begin, counts_.size());
      if (std::isnan(row.front())) continue;
      take_logarithms(row);
      calibration_.apply(row);
    }
  }

  std::vector<uint32_t> counts_;  // [K] labelled rows of each class
  std::shared_ptr<const TreeTeachers> teachers_;
  std::vector<Part> parts_;
  Calibration calibration_;
  std::vector<double> honest_;  // [N, K]
  std::vector<std::string> notes_;
};

class AutoMethod : public Method {
 public:
  AutoMethod(const MethodOptions& options, uint64_t seed)
      : options_(options),
        seed_(seed),
        model_(load_model_for(resolve_model(std::string(kAutoStudent)), options)),
        plan_(plan_prompts(model_->info(), options, seed)) {}

  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<Predictor> fit_with(const LabelledTable& shots, const FitStore& store) const override {
    std::vector<std::string> notes;
    describe_members(plan_, shots.labels.size(), shots.features.columns.size(), notes);
    return std::make_unique<AutoPredictor>(shots, students(shots), options_, seed_, std::move(notes), store);
  }

 private:
  // Of each view, with its part of the members.
  std::vector<std::unique_ptr<Method>> students(const LabelledTable& shots) const {
    const int members = plan_.members_for(shots.labels.size(), shots.features.columns.size());
    std::vector<std::unique_ptr<Method>> students;
    for (size_t i = 0; i < views().size(); ++i) {
      MethodOptions of_view = options_;
      of_view.ensemble = std::max(1, members * views()[i].members_in_eight / 8);
      students.push_back(std::make_unique<InContextMethod>(model_, of_view, Rng(seed_).child("auto", i).bits(0)));
    }
    return students;
  }

  MethodOptions options_;
  uint64_t seed_;
  std::shared_ptr<const Model> model_;
  PromptPlan plan_;
};

}  // namespace

std::unique_ptr<Method> open_auto_method(const MethodOptions& options, uint64_t seed) {
  if (options.teacher.teacher != Teacher::kNone) {
    fail(ErrorKind::kBadInput,
         "--teacher {}: --model auto shows its members the columns of trees by itself; leave --teacher out, or choose "
         "--model {}",
         name_of(options.teacher.teacher), kAutoStudent);
  }
  return std::make_unique<AutoMethod>(options, seed);
}

}  // namespace manyshot
