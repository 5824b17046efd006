// An in-context model that sees the class shares of trees as further columns (predict/tree_teachers.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "predict/predictor.h"
#include "predict/tree_teachers.h"

namespace manyshot {

// The labelled rows that a student sees, of whom `limit` are the most it can use.
std::vector<uint64_t> taught_rows(const LabelledTable& shots, std::optional<uint64_t> limit, uint64_t seed);

class TaughtPredictor : public Predictor {
 public:
  // The student sees the columns of `kinds`, which are among those of `teachers` (none: its own columns only), and as
  // many labelled rows as it can use: taught_rows.
  TaughtPredictor(std::shared_ptr<const TreeTeachers> teachers, std::vector<TreeKind> kinds, const Method& student,
                  const LabelledTable& shots, uint64_t seed, const FitStore& store);

  std::vector<double> predict(const Table& queries) const override {
    return predict(queries, teachers_->predict(queries));
  }
  // `shares` is what the teachers predict for the queries.
  std::vector<double> predict(const Table& queries, const std::vector<std::vector<double>>& shares) const;
  size_t batch_rows() const override { return student_->batch_rows(); }
  std::vector<double> honest_probabilities() const override { return honest_; }
  std::vector<std::string> notes() const override { return student_->notes(); }
  std::vector<std::string> closing_notes() const override { return student_->closing_notes(); }
  AnswerReport answer_report() const override { return student_->answer_report(); }

 private:
  std::shared_ptr<const TreeTeachers> teachers_;
  std::vector<TreeKind> kinds_;
  std::unique_ptr<Predictor> student_;
  std::vector<double> honest_;  // [N, K]
};

class TaughtMethod : public Method {
 public:
  // REQUIRES: options.teacher is not kNone.
  TaughtMethod(std::unique_ptr<Method> student, const TeacherOptions& options, uint64_t seed)
      : student_(std::move(student)), options_(options), seed_(seed) {}
  bool reads_parts() const override { return student_->reads_parts(); }
  // By the table's own columns; those of the trees come on top.
  std::optional<LongQuery> find_long_query(const LabelledTable& shots,
                                           const std::function<Table()>& queries) const override {
    return student_->find_long_query(shots.at(taught_rows(shots, student_->max_labelled_rows(), seed_)), queries);
  }
  // The trees see all labelled rows, whatever the model's limit is.
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<Predictor> fit_with(const LabelledTable& shots, const FitStore& store) const override;

 private:
  std::unique_ptr<Method> student_;
  TeacherOptions options_;
  uint64_t seed_;
};

}  // namespace manyshot
