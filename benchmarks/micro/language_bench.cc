// Speed of the language model's decoder on random weights in SmolLM2-135M's shape, or on a model file: prefill, and
// queries behind a shared context.
//
//   language_bench [--benchmark_filter=...]      MANYSHOT_BENCH_MODEL: a model folder or .gguf file instead of random
//   weights args: tokens, threads. "items" are tokens.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/memory.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "model/dtype.h"
#include "model/language/language_model.h"
#include "smollm2_config.h"

namespace manyshot {
namespace {

class RandomWeights : public TensorSource {
 public:
  const std::string& path() const override { return path_; }
  const LanguageModelConfig& config() const override { return config_; }
  bool contains(std::string_view) const override { return true; }
  std::vector<uint64_t> shape(std::string_view name) const override {
    const auto D = static_cast<uint64_t>(config_.hidden_size), I = static_cast<uint64_t>(config_.intermediate_size);
    const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
    if (has("norm")) return {D};
    if (has("embed")) return {static_cast<uint64_t>(config_.vocab_size), D};
    if (has("down")) return {D, I};
    if (has("mlp")) return {I, D};
    return {has("k_proj") || has("v_proj") ? D / 3 : D, D};
  }
  std::string type_name(std::string_view) const override { return "F32"; }
  void read_rows(std::string_view name, uint64_t first_row, uint64_t, std::span<float> out) const override {
    uint64_t state = Rng(1).child(name).bits(first_row);
    for (float& value : out) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      value = (static_cast<float>(state >> 40) - 0x1p23f) * 0x1p-23f * 0.04f;
    }
  }
  uint64_t stored_bytes() const override { return 0; }

 private:
  std::string path_ = "random weights";
  LanguageModelConfig config_ = smollm2_config();
};

std::unique_ptr<TensorSource> open_source() {
  const char* path = std::getenv("MANYSHOT_BENCH_MODEL");
  return path != nullptr ? open_tensor_source(path) : std::make_unique<RandomWeights>();
}

const LanguageModel& model_of(DType dtype) {
  static std::map<DType, std::unique_ptr<LanguageModel>> models;
  auto& model = models[dtype];
  if (!model) model = LanguageModel::load(*open_source(), dtype);
  return *model;
}

std::vector<TokenId> random_tokens(size_t count, uint64_t seed) {
  const Rng rng = Rng(seed).child("tokens");
  std::vector<TokenId> tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(static_cast<TokenId>(rng.below(i, 32000)));
  return tokens;
}

bool are_log_probs(std::span<const float> values) {
  for (float value : values) {
    if (!(value <= 0) || !std::isfinite(value)) return false;
  }
  return !values.empty();
}

// The text's last token is scored behind the cache, so that the answer can be checked against the uncached one.
void BM_prefill(benchmark::State& state, DType dtype) {
  try {
    set_num_threads(static_cast<int>(state.range(1)));
    const LanguageModel& model = model_of(dtype);
    const std::vector<TokenId> tokens = random_tokens(static_cast<size_t>(state.range(0)), 1);
    TextCachePtr text;
    for (auto _ : state) text = model.prefill(tokens);
    const std::vector<TokenId> candidates{1, 2, 3};
    const Branch cached{text, {}, 0, candidates}, whole{nullptr, tokens, tokens.size(), candidates};
    const auto found = model.score({&cached, 1}).front().candidates,
               expected = model.score({&whole, 1}).front().candidates;
    if (!are_log_probs(found) || found != expected) return state.SkipWithError("cached and uncached differ");
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
    state.counters["peak_MiB"] = static_cast<double>(peak_memory_bytes()) / (1 << 20);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}
#define MANYSHOT_PREFILL(dtype)                         \
  BENCHMARK_CAPTURE(BM_prefill, dtype, DType::k##dtype) \
      ->ArgsProduct({{512, 2048, 8192}, {1, 2}})        \
      ->UseRealTime()                                   \
      ->Unit(benchmark::kMillisecond)
MANYSHOT_PREFILL(BFloat16);
MANYSHOT_PREFILL(Float32);

// 50 branches of 40 tokens, of which the last 4 are scored, behind a context of so many tokens.
void BM_branches(benchmark::State& state, DType dtype) {
  try {
    set_num_threads(static_cast<int>(state.range(1)));
    const LanguageModel& model = model_of(dtype);
    const TextCachePtr context = model.prefill(random_tokens(static_cast<size_t>(state.range(0)), 1));
    std::vector<std::vector<TokenId>> tokens;
    for (uint64_t query = 0; query < 50; ++query) tokens.push_back(random_tokens(40, query));
    std::vector<Branch> branches;
    for (const auto& query : tokens) branches.push_back({context, query, 36});
    for (auto _ : state) {
      for (const BranchScore& score : model.score(branches)) {
        if (!are_log_probs(score.log_probs)) return state.SkipWithError("no log-probabilities");
      }
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 50 * 40);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK_CAPTURE(BM_branches, BFloat16, DType::kBFloat16)
    ->ArgsProduct({{2000}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_load(benchmark::State& state, DType dtype) {
  try {
    set_num_threads(static_cast<int>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(LanguageModel::load(*open_source(), dtype));
    state.counters["peak_MiB"] = static_cast<double>(peak_memory_bytes()) / (1 << 20);
  } catch (const std::exception& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK_CAPTURE(BM_load, BFloat16, DType::kBFloat16)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace manyshot

BENCHMARK_MAIN();
