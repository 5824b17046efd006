// Tokenizing on one thread. MANYSHOT_TOKENIZER names a tokenizer.json and MANYSHOT_TEXTS a file with one JSON text per
// line (tools/parity/tokenizer_parity.py speed sets both, and runs Hugging Face tokenizers on the same).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "core/json.h"
#include "encoding/tokenizer/tokenizer.h"

namespace manyshot {
namespace {

const char* setting(benchmark::State& state, const char* name) {
  const char* value = std::getenv(name);
  if (!value) state.SkipWithError((std::string("set ") + name).c_str());
  return value;
}

void encode(benchmark::State& state) {
  const char* file = setting(state, "MANYSHOT_TOKENIZER");
  const char* texts_file = setting(state, "MANYSHOT_TEXTS");
  if (!file || !texts_file) return;
  const Tokenizer tokenizer(read_tokenizer_json(file));
  std::vector<std::string> texts;
  size_t num_bytes = 0, num_tokens = 0;
  std::ifstream lines(texts_file);
  for (std::string line; std::getline(lines, line);) {
    texts.push_back(Json::parse(line).get<std::string>());
    num_bytes += texts.back().size();
  }
  for (auto _ : state) {
    num_tokens = 0;
    for (const std::string& text : texts) num_tokens += tokenizer.encode(text, /*parse_special=*/true).size();
    benchmark::DoNotOptimize(num_tokens);
  }
  state.SetBytesProcessed(static_cast<int64_t>(num_bytes * state.iterations()));
  state.counters["tokens"] = static_cast<double>(num_tokens);
}
BENCHMARK(encode)->Unit(benchmark::kMillisecond)->MinTime(2);

void load(benchmark::State& state) {
  const char* file = setting(state, "MANYSHOT_TOKENIZER");
  if (!file) return;
  for (auto _ : state) benchmark::DoNotOptimize(Tokenizer(read_tokenizer_json(file)).vocab_size());
}
BENCHMARK(load)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace manyshot

BENCHMARK_MAIN();
