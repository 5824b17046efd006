#include "evaluate/protocol/protocol.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluate/protocol/legacy_random.h"
#include "predict/select_rows.h"

namespace manyshot {
namespace {

constexpr uint32_t kSplitSeed = 42;

// table.sample(n=count, random_state=seed) of the rows `from`.
std::vector<uint32_t> sample(std::span<const uint32_t> from, uint64_t count, uint32_t seed) {
  std::vector<uint32_t> rows = numpy_permutation(static_cast<uint32_t>(from.size()), seed);
  rows.resize(count);
  for (uint32_t& row : rows) row = from[row];
  return rows;
}

TaskPlan plan_paper(size_t num_columns, const TrainTestSplit& split, std::span<const uint32_t> queries, uint64_t shots,
                    uint64_t seed) {
  TaskPlan plan{.columns = python_shuffle(static_cast<uint32_t>(num_columns), seed)};
  for (size_t first = 0; first < queries.size(); first += kQueriesPerContext) {
    const auto chunk = queries.subspan(first, std::min<size_t>(kQueriesPerContext, queries.size() - first));
    const auto chunk_seed = kSplitSeed + static_cast<uint32_t>(plan.contexts.size());
    plan.contexts.push_back(
        {.shots = sample(sample(split.train, shots, chunk_seed), shots, static_cast<uint32_t>(seed)),
         .queries = {chunk.begin(), chunk.end()}});
  }
  return plan;
}

TaskPlan plan_fixed(const EvaluationTable& table, const TrainTestSplit& split, std::span<const uint32_t> queries,
                    Selection selection, uint64_t shots, uint64_t seed) {
  TaskPlan plan{.columns = std::vector<uint32_t>(table.features.columns.size())};
  std::iota(plan.columns.begin(), plan.columns.end(), 0);
  std::vector<int32_t> labels;
  for (const uint32_t row : split.train) labels.push_back(table.labels[row]);
  ContextPlan context{.queries = {queries.begin(), queries.end()}};
  for (const uint64_t place :
       select_rows(labels, table.num_groups(), shots, selection, Rng(seed).child("shots", shots))) {
    context.shots.push_back(split.train[place]);
  }
  plan.contexts.push_back(std::move(context));
  return plan;
}

}  // namespace

TrainTestSplit train_test_split(uint32_t num_rows) {
  const std::vector<uint32_t> order = numpy_permutation(num_rows, kSplitSeed);
  const auto test_end = order.begin() + static_cast<ptrdiff_t>(std::ceil(0.2 * num_rows));
  return {.train = {test_end, order.end()}, .test = {order.begin(), test_end}};
}

TaskPlan plan_task(const EvaluationTable& table, const TrainTestSplit& split, const ProtocolOptions& options,
                   uint64_t shots, uint64_t seed) {
  const std::span<const uint32_t> queries =
      std::span(split.test).first(std::min<uint64_t>(split.test.size(), options.max_queries.value_or(UINT64_MAX)));
  if (options.kind == Protocol::kPaper) return plan_paper(table.features.columns.size(), split, queries, shots, seed);
  return plan_fixed(table, split, queries, options.select, shots, seed);
}

}  // namespace manyshot
