// Time of a whole task in the decoder: 512 labelled rows and 1,000 queries of 20 columns, an ensemble of 4 (each member
// encodes the context and scores all queries). Run from the repository's root, or with MANYSHOT_SOURCE_DIR set.
//
//   decoder_bench [--benchmark_filter=...]      args: threads; "members" is seconds per ensemble
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "core/rng.h"
#include "model/model.h"

namespace manyshot {
namespace {

constexpr size_t kShots = 512, kQueries = 1000, kFeatures = 20;
constexpr int kMembers = 4, kClasses = 10;
constexpr TokenId kFirstLabel = 1000, kBar = 1010;

void add_values(const Rng& rng, size_t row, std::vector<TokenId>& tokens) {
  for (size_t column = 0; column < kFeatures; ++column) {
    tokens.push_back(static_cast<TokenId>(rng.below(row * kFeatures + column, 1000)));
  }
  tokens.push_back(kBar);
}

struct Task {
  Prompt prompt;
  QueryTokens queries;
};

Task make_task(uint64_t member) {
  const Rng rng = Rng(7).child("member", member);
  Task task{.prompt = {.layout = PromptLayout::kRows, .num_features = kFeatures}};
  for (size_t row = 0; row < kShots; ++row) {
    add_values(rng.child("shots"), row, task.prompt.context);
    task.prompt.context.push_back(kFirstLabel + static_cast<TokenId>(rng.child("labels").below(row, kClasses)));
  }
  for (int label = 0; label < kClasses; ++label) task.prompt.answers.push_back({kFirstLabel + label});
  for (size_t query = 0; query < kQueries; ++query) {
    add_values(rng.child("queries"), query, task.queries.tokens);
    task.queries.offsets.push_back(task.queries.tokens.size());
  }
  return task;
}

std::unique_ptr<Model> open_default(std::optional<DType> dtype) {
  const char* root = std::getenv("MANYSHOT_SOURCE_DIR");
  return load_model(std::string(root != nullptr ? root : ".") + "/models/default", {.dtype = dtype});
}

// Every row of log-likelihoods must be a distribution over the ten labels.
bool are_distributions(const std::vector<float>& scores) {
  for (size_t row = 0; row < scores.size(); row += kClasses) {
    double sum = 0;
    for (int k = 0; k < kClasses; ++k) sum += std::exp(scores[row + static_cast<size_t>(k)]);
    if (!(std::abs(sum - 1) < 1e-4)) return false;
  }
  return true;
}

void BM_ensemble(benchmark::State& state, DType dtype) {
  set_num_threads(static_cast<int>(state.range(0)));
  std::unique_ptr<Model> model;
  try {
    model = open_default(dtype);
  } catch (const std::exception& error) {
    return state.SkipWithError(error.what());
  }
  std::vector<Task> tasks;
  for (int member = 0; member < kMembers; ++member) tasks.push_back(make_task(static_cast<uint64_t>(member)));
  std::vector<float> scores(kQueries * kClasses);
  for (auto _ : state) {
    for (const Task& task : tasks) {
      model->encode(task.prompt)->score(task.queries, scores);
      if (!are_distributions(scores)) return state.SkipWithError("scores are no distributions");
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kMembers * kQueries);
}
BENCHMARK_CAPTURE(BM_ensemble, bfloat16, DType::kBFloat16)
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_ensemble, float32, DType::kFloat32)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_load(benchmark::State& state, std::optional<DType> dtype) {
  for (auto _ : state) {
    try {
      benchmark::DoNotOptimize(open_default(dtype));
    } catch (const std::exception& error) {
      return state.SkipWithError(error.what());
    }
  }
}
BENCHMARK_CAPTURE(BM_load, auto, std::nullopt) -> Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace manyshot

BENCHMARK_MAIN();
