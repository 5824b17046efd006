#include "predict/taught_method.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "predict/select_rows.h"

namespace manyshot {
namespace {

// A TaughtPredictor that is not asked with the shares of others, and has the teachers' notes.
class OwnTeachersPredictor : public TaughtPredictor {
 public:
  OwnTeachersPredictor(const std::shared_ptr<const TreeTeachers>& teachers, const Method& student,
                       const LabelledTable& shots, uint64_t seed, const FitStore& store)
      : TaughtPredictor(teachers, teachers->kinds(), student, shots, seed, store), notes_(teachers->notes()) {}
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = notes_;
    std::ranges::copy(TaughtPredictor::notes(), std::back_inserter(notes));
    return notes;
  }

 private:
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<uint64_t> taught_rows(const LabelledTable& shots, std::optional<uint64_t> limit, uint64_t seed) {
  return select_rows(shots.labels, shots.num_classes(), limit.value_or(shots.labels.size()), Selection::kStratified,
                     Rng(seed).child("taught rows"));
}

TaughtPredictor::TaughtPredictor(std::shared_ptr<const TreeTeachers> teachers, std::vector<TreeKind> kinds,
                                 const Method& student, const LabelledTable& shots, uint64_t seed,
                                 const FitStore& store)
    : teachers_(std::move(teachers)), kinds_(std::move(kinds)) {
  const size_t num_rows = shots.labels.size(), num_classes = shots.num_classes();
  const std::vector<uint64_t> rows = taught_rows(shots, student.max_labelled_rows(), seed);
  student_ = student.fit_with(teachers_->teach(shots, kinds_, rows), store);
  const std::vector<double> seen = student_->honest_probabilities();
  if (seen.empty()) return;
  honest_.assign(num_rows * num_classes, std::numeric_limits<double>::quiet_NaN());
  for (size_t place = 0; place < rows.size(); ++place) {
    std::copy_n(seen.begin() + static_cast<ptrdiff_t>(place * num_classes), num_classes,
                honest_.begin() + static_cast<ptrdiff_t>(rows[place] * num_classes));
  }
}

std::vector<double> TaughtPredictor::predict(const Table& queries,
                                             const std::vector<std::vector<double>>& shares) const {
  return student_->predict(teachers_->teach(queries, kinds_, shares));
}

std::unique_ptr<Predictor> TaughtMethod::fit_with(const LabelledTable& shots, const FitStore& store) const {
  const auto teachers =
      std::make_shared<TreeTeachers>(shots, tree_kinds(options_.teacher), options_.teacher_seconds, seed_, store);
  return std::make_unique<OwnTeachersPredictor>(teachers, *student_, shots, seed_, store.part("student"));
}

}  // namespace manyshot
