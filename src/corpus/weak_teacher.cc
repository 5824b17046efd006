#include "corpus/weak_teacher.h"

#include <algorithm>
#include <cmath>

#include "prior/random/draws.h"

namespace manyshot {
namespace {

using teacher::ColumnsView;

constexpr int kFewestTrees = 4;  // of two, 40 % of the rows would have no share
constexpr double kLargestPower = 2;

// The chosen columns side by side.
ColumnsView take(const ColumnsView& columns, std::span<const uint32_t> chosen, std::vector<float>& memory) {
  memory.clear();
  for (const uint32_t feature : chosen) {
    const std::span<const float> column = columns.column(feature);
    memory.insert(memory.end(), column.begin(), column.end());
  }
  return {memory.data(), columns.num_rows, chosen.size(), columns.num_rows};
}

void raise(std::vector<double>& shares, size_t num_classes, double power) {
  for (size_t first = 0; first < shares.size(); first += num_classes) {
    const std::span<double> row = std::span(shares).subspan(first, num_classes);
    double sum = 0;
    for (double& share : row) sum += share = std::pow(share, power);
    for (double& share : row) share /= sum;
  }
}

}  // namespace

TeacherShares shares_of_judge(const teacher::FilterScratch& judged) {
  return {judged.forest.out_of_bag_probabilities(), judged.probabilities};
}

TeacherShares shares_of_weak_teacher(const teacher::FilterTask& task, int most_trees, const Rng& rng,
                                     teacher::FilterScratch& scratch) {
  const auto num_features = static_cast<uint32_t>(task.labelled.num_features);
  prior::Draws draws(rng);
  const auto num_chosen = static_cast<uint32_t>(draws.between(1, num_features));
  const std::vector<uint32_t> chosen = rng.child("columns").sample(num_features, num_chosen);
  const int trees = static_cast<int>(draws.log_uniform(std::min(kFewestTrees, most_trees), most_trees));
  const double power = draws.log_uniform(1 / kLargestPower, kLargestPower);

  std::vector<float> labelled, queries;
  ColumnsView known = take(task.labelled, chosen, labelled), asked = take(task.queries, chosen, queries);
  if (!teacher::is_finite(known) || !teacher::is_finite(asked)) {
    scratch.imputer.fit(known);
    known = scratch.imputer.apply(known, scratch.labelled_cells);
    asked = scratch.imputer.apply(asked, scratch.query_cells);
  }
  const auto num_classes = static_cast<size_t>(task.num_classes);
  teacher::RandomForest forest;
  forest.fit(known, task.labels, task.num_classes, {.num_trees = trees, .out_of_bag = true}, rng.child("forest"),
             scratch.forest_scratch);
  TeacherShares shares{.labelled = forest.out_of_bag_probabilities()};
  shares.queries.resize(asked.num_rows * num_classes);
  forest.predict(asked, shares.queries);
  raise(shares.labelled, num_classes, power);
  raise(shares.queries, num_classes, power);
  return shares;
}

}  // namespace manyshot
