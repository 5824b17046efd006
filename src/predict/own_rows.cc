#include "predict/own_rows.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "predict/select_rows.h"

namespace manyshot {
namespace {

OwnRows rows_without_label(const TaskOptions& task, const TrainingTable& table) {
  OwnRows own;
  for (const int32_t label : table.labels) own.part.push_back(label < 0 ? 0 : -1);
  if (std::ranges::find(own.part, 0) == own.part.end()) {
    fail(ErrorKind::kBadInput,
         "--test is needed: the table with rows to predict. Without it rows of {} whose \"{}\" is empty are predicted, "
         "and there are none; --folds 5 or --holdout 0.2 tells how good answers would be",
         task.train, task.target);
  }
  return own;
}

}  // namespace

std::vector<int32_t> OwnRows::usable_labels(const std::vector<int32_t>& labels, size_t index) const {
  std::vector<int32_t> usable = labels;
  for (size_t row = 0; row < usable.size(); ++row) {
    if (part[row] == static_cast<int32_t>(index)) usable[row] = -1;
  }
  return usable;
}

OwnRows choose_own_rows(const OwnRowsOptions& options, const TaskOptions& task, const TrainingTable& table) {
  if (options.folds && options.holdout) {
    fail(ErrorKind::kBadInput, "--folds {} and --holdout {} are two ways to do the same; give one of them",
         *options.folds, *options.holdout);
  }
  if (!options.folds && !options.holdout) return rows_without_label(task, table);
  const auto num_labelled =
      static_cast<uint64_t>(std::ranges::count_if(table.labels, [](int32_t label) { return label >= 0; }));
  OwnRows own{.part = std::vector<int32_t>(table.labels.size(), -1)};
  const Rng rng = Rng(task.seed).child("own rows");
  if (options.folds) {
    if (*options.folds > num_labelled) {
      fail(ErrorKind::kBadInput, "--folds {}: {} has {} labelled rows; give at most as many folds", *options.folds,
           task.train, with_thousands(num_labelled));
    }
    own.num_parts = *options.folds;
    own.part = stratified_folds(table.labels, table.num_groups(), static_cast<int>(*options.folds), rng);
    return own;
  }
  const auto count = static_cast<uint64_t>(std::llround(*options.holdout * static_cast<double>(num_labelled)));
  if (count == 0 || count == num_labelled) {
    fail(ErrorKind::kBadInput, "--holdout {}: of the {} labelled rows of {} that leaves none {}; give another share",
         *options.holdout, with_thousands(num_labelled), task.train, count == 0 ? "to predict" : "to predict from");
  }
  for (const uint64_t row : select_rows(table.labels, table.num_groups(), count, Selection::kStratified, rng))
    own.part[row] = 0;
  return own;
}

QueryReader open_queries(const TaskOptions& task, const TrainingTable& train, const std::optional<OwnRows>& own) {
  if (!own) return QueryReader(task, train);
  std::vector<uint64_t> asked;
  for (size_t row = 0; row < own->part.size(); ++row) {
    if (own->is_asked(row)) asked.push_back(row);
  }
  return QueryReader(task, train, std::move(asked));
}

}  // namespace manyshot
